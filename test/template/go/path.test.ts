/** Paths, against results of Go 1.24. */
import { expect, test } from "bun:test";
import { basePath, cleanPath, directoryOf, extensionOf } from "../../../src/template/go/path.ts";

const rows: [path: string, clean: string, base: string, directory: string, extension: string][] = [
  ["", ".", ".", ".", ""],
  ["/", "/", "/", "/", ""],
  ["//", "/", "/", "/", ""],
  ["a/b/c.tar.gz", "a/b/c.tar.gz", "c.tar.gz", "a/b", ".gz"],
  ["a//b/../c/", "a/c", "c", "a/c", ""],
  ["../../a", "../../a", "a", "../..", ""],
  ["/../a/./b", "/a/b", "b", "/a", ""],
  ["a.b/c", "a.b/c", "c", "a.b", ""],
  [".hidden", ".hidden", ".hidden", ".", ".hidden"],
  ["a/..", ".", "..", "a", "."],
];

test("paths are cleaned and taken apart as Go's package path does", () => {
  for (const [path, clean, base, directory, extension] of rows) {
    const found = [path, cleanPath(path), basePath(path), directoryOf(path), extensionOf(path)];
    expect(found).toEqual([path, clean, base, directory, extension]);
  }
});
