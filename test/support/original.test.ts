/** The original's images come out of its archive whole. */
import { expect, test } from "bun:test";
import { readOriginal } from "./original.ts";

test("serialize.tar holds four sources, each with its repository and tag", async () => {
  const { gathered, sources } = await readOriginal();
  expect(gathered.root.digest).toBe(
    "sha256:ef2cb30b9930f99e23a2ad6f872abdf03316eea0089aa47903e11cc558db752f",
  );
  expect(sources.map(({ repository, tag }) => [repository, tag])).toEqual([
    ["charts/app", "0.1.0"],
    ["library/base", undefined],
    ["library/multi", "v2"],
    ["library/tool", "v1"],
  ]);
  expect(gathered.manifests.length + gathered.blobs.length).toBe(21);
});
