/** Comparison of what the table of rows does not compare: opaque structs. */
import { expect, test } from "bun:test";
import { parseTemplate } from "../../../src/template/template.ts";
import { nil } from "../../../src/template/values/make.ts";

test.each([
  [
    "the same time twice is equal",
    '{{ eq (toDate "2006-01-02" "2020-05-06") (toDate "2006-01-02" "2020-05-06") }}',
    "true",
  ],
  [
    "two times are not",
    '{{ eq (toDate "2006-01-02" "2020-05-06") (toDate "2006-01-02" "2020-05-07") }}',
    "false",
  ],
  ["two versions are two pointers", '{{ eq (semver "1.2.3") (semver "1.2.3") }}', "false"],
  ["a version is itself", '{{ $v := semver "1.2.3" }}{{ eq $v $v }}', "true"],
])("%s", (_what, source, expected) => expect(parseTemplate("t", source).execute(nil)).toBe(expected));
