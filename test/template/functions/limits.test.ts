/** What a template asks for too much of ends soon, with a message that names the limit. */
import { expect, test } from "bun:test";
import { AceError } from "../../../src/errors.ts";
import { parseTemplate } from "../../../src/template/template.ts";
import { nil } from "../../../src/template/values/make.ts";

const big = '{{$b := repeat 300000 "ab "}}';
const selfish = '{{$d := dict}}{{$_ := set $d "a" $d}}{{$e := dict}}{{$_ := set $e "a" $e}}';
const rows: [template: string, limit: string][] = [
  ['{{repeat 1000000000 "x"}}', "bytes in one string"],
  ['{{indent 999999999 "x"}}', "bytes in one string"],
  ['{{nindent 999999999 "x"}}', "bytes in one string"],
  [`${big}{{replace "a" $b $b}}`, "bytes in one string"],
  [`${big}{{wrapWith 1 $b $b}}`, "bytes in one string"],
  [`${big}{{$l := list}}{{range until 10}}{{$l = append $l $b}}{{end}}{{join "" $l}}`, "bytes in one string"],
  ['{{$s := "xxxxxxxx"}}{{range until 100}}{{$s = print $s $s}}{{end}}', "bytes in one string"],
  ["{{until 100000000}}", "elements in one list"],
  ["{{untilStep 0 -1000000000 -1}}", "elements in one list"],
  ["{{seq 1 100000000}}", "elements in one list"],
  [`${big}{{splitList "" $b | len}}`, "elements in one list"],
  ["{{$l := list 1 2}}{{range until 100}}{{$l = concat $l $l}}{{end}}", "elements in one list"],
  ["{{uniq (until 100000)}}", "steps"],
  [`${big}{{range until 90000}}{{if contains "y" $b}}{{end}}{{end}}`, "steps"],
  ['{{$l := until 90000}}{{range until 90000}}{{if has "x" $l}}{{end}}{{end}}', "steps"],
  ["{{$l := list 1 2}}{{range until 60}}{{$l = list $l $l}}{{end}}{{deepCopy $l | len}}", "steps"],
  [`${selfish}{{deepCopy $d}}`, "values within each other"],
  [`${selfish}{{merge $d $e}}`, "values within each other"],
  [`${selfish}{{deepEqual $d $e}}`, "values within each other"],
  [`${selfish}{{$d}}`, "values within each other"],
];

for (const [template, limit] of rows) {
  test(`${template} ends at the limit of ${limit}`, () => {
    let caught: unknown;
    try {
      parseTemplate("rule", template).execute(nil);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(AceError);
    expect(String(caught)).toContain(limit);
  });
}
