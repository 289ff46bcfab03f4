import { expect, test } from "bun:test";
import { mergeScopes, repositoryScope } from "../../../src/registry/auth/tokens.ts";

test.each<[string[], string[]]>([
  [["repository:a:pull", "repository:a:push,pull"], ["repository:a:pull,push"]],
  [
    ["repository:b:pull", "repository:a:pull"],
    ["repository:b:pull", "repository:a:pull"],
  ],
  [["repository:a:pull repository:b:push"], ["repository:a:pull", "repository:b:push"]],
  [["repository:a:*", "repository:a:pull"], ["repository:a:*"]],
  [["repository:host:5000/a:pull", "repository:host:5000/a:push"], ["repository:host:5000/a:pull,push"]],
  [["registry:catalog:*"], ["registry:catalog:*"]],
  [
    ["custom", "repository:a:pull"],
    ["custom", "repository:a:pull"],
  ],
  [["", "  "], []],
])("mergeScopes(%j) is %j", (scopes, merged) => {
  expect(mergeScopes(scopes)).toEqual(merged);
});

test("repositoryScope() asks for pull too when it pushes", () => {
  expect(repositoryScope("a/b", "push")).toBe("repository:a/b:pull,push");
});
