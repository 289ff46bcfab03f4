import { describe, expect, test } from "bun:test";
import { mkdirSync, openSync, readFileSync } from "node:fs";
import {
  AceError,
  directoryStates,
  fromErrorData,
  newFileStates,
  refusedOption,
  systemState,
  toErrorData,
} from "../src/errors.ts";
import { tempDir } from "./support/temp-dir.ts";

/** What an act throws. */
function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

test("an error arrives whole on the other side of a thread, advice and refused option too", () => {
  const advised = new AceError("medium", "Cannot write a: it is there", {
    hint: { kind: "keep-or-replace", written: "file" },
    details: ["a fact", { kind: "new-file", checkpoint: "cp", goodBytes: 5 }],
  });
  for (const error of [
    advised,
    refusedOption("verify", "no", { value: 1 }),
    new AceError("usage", "Cannot"),
  ]) {
    const { code, message, hint, details, option } = fromErrorData(structuredClone(toErrorData(error)));
    expect({ code, message, hint, details, option }).toEqual({
      code: error.code,
      message: error.message,
      hint: error.hint,
      details: error.details,
      option: error.option,
    });
  }
});

test("more facts take nothing from an error", () => {
  const error = refusedOption("position", "a is not a tape", { hint: "Name one.", details: ["one"] });
  expect(toErrorData(error.withDetails("two"))).toEqual({
    ...toErrorData(error),
    details: ["one", "two"],
  });
});

describe("systemState()", () => {
  test("says what the system means, in one way everywhere", async () => {
    await using dir = await tempDir();
    expect(systemState(thrownBy(() => readFileSync(dir.file("none"))))).toBe("no such file");
    expect(systemState(thrownBy(() => openSync(dir.path, "w")))).toBe("it is a directory");
  });

  test("says what it means at a place where that is more", async () => {
    await using dir = await tempDir();
    const cause = thrownBy(() => openSync(dir.file("none/a"), "w"));
    expect(systemState(cause, newFileStates)).toBe("its directory does not exist");
    await Bun.write(dir.file("a"), "");
    expect(
      systemState(
        thrownBy(() => mkdirSync(dir.file("a"))),
        directoryStates,
      ),
    ).toBe("it is not a directory");
  });

  test("keeps the words of what it does not know", () => {
    expect(systemState(Object.assign(new Error("EXFULL: exchange full"), { code: "EXFULL" }))).toBe(
      "EXFULL: exchange full",
    );
    expect(systemState(new Error("no code"))).toBe("no code");
  });
});
