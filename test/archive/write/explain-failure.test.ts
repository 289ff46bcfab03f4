/** What a failed run says of its medium. */
import { expect, test } from "bun:test";
import { DiskWrites } from "../../../src/archive/write/disk-writes.ts";
import { explainFailure } from "../../../src/archive/write/explain-failure.ts";
import { AceError } from "../../../src/errors.ts";

const explain = (medium: "tape" | "file", cause: AceError) => {
  const done = Promise.reject(cause);
  done.catch(() => undefined);
  return explainFailure(
    cause,
    {
      writer: { opened: Promise.resolve(medium), done, durable: () => 4096 },
      idle: Promise.resolve(),
      ledger: new DiskWrites(() => undefined),
      state: new DiskWrites(() => undefined),
      set: undefined,
      goodBytes: () => 4096,
    },
    {
      destination: "/dev/nst0",
      blockBytes: 4096,
      windowBytes: 0,
      highWaterPercent: undefined,
      force: false,
      medium,
      blobSource: () => {
        throw new Error("nothing is fetched");
      },
    },
  );
};

test("a tape with wrong bytes of a blob is nothing to go on with, and the run says so", async () => {
  const word = /wrong bytes of this blob.*has to be written again/;
  const wrong = new AceError("digest", "Cannot use blob", { begunBlob: "sha256:00" });
  expect((await explain("tape", wrong)).details.join("\n")).toMatch(word);
  expect((await explain("file", wrong)).details.join("\n")).not.toMatch(word);
  const lost = new AceError("network", "Cannot reach the registry");
  expect((await explain("tape", lost)).details.join("\n")).not.toMatch(word);
});
