import { expect, test } from "bun:test";
import { join } from "node:path";
import * as v from "valibot";
import { labelKeyProblem, labelValueProblem } from "../../src/lists/labels.ts";

const kubernetes = v.parse(
  v.object({ labels: v.array(v.tuple([v.string(), v.string(), v.boolean()])) }),
  await Bun.file(join(import.meta.dir, "../data/kubernetes/selectors.json")).json(),
);

test.each(kubernetes.labels)("label %j=%j as Kubernetes has it: %p", (key, value, good) => {
  expect((labelKeyProblem(key) ?? labelValueProblem(value)) === undefined).toBe(good);
});

test.each([
  ["", 0],
  ["-a", 0],
  ["a-", 1],
  ["a b", 1],
  ["aé", 1],
  ["/a", 0],
  ["a/", 2],
  ["a/b/c", 3],
  ["a.B/c", 2],
  ["a./c", 2],
  ["a.b-/c", 3],
  [`${"a".repeat(254)}/c`, 253],
  [`a/${"b".repeat(64)}`, 65],
])("labelKeyProblem(%j) points at character %d", (key, at) => {
  expect(labelKeyProblem(key)?.at).toBe(at);
});

test.each([
  ["-a", 0],
  ["a.", 1],
  ["a/b", 1],
  ["b".repeat(64), 63],
])("labelValueProblem(%j) points at character %d", (value, at) => {
  expect(labelValueProblem(value)?.at).toBe(at);
});

test("a problem says the rule of Kubernetes", () => {
  expect(labelValueProblem("v w")?.why).toBe(
    'label value "v w" is wrong: Kubernetes wants at most 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends',
  );
  expect(labelKeyProblem("Team/x")?.why).toContain("Kubernetes wants a domain name of at most 253");
});
