/**
 * Loaded in front of each test file by the gate: writes down which test runs, so that a gate that is killed by its time can name it.
 * Bun tells a test's name only when the test has ended. Of the rows of a table, and of hooks, the file's name is all there is.
 */
import * as bunTest from "bun:test";
import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";

const directory = process.env.ACE_DT_RUNNING_TESTS;
const file = relative(process.cwd(), Bun.main);

function isBody(value: unknown): value is () => unknown {
  // A body with parameters is called back by itself: it is left alone.
  return typeof value === "function" && value.length === 0;
}

/** The same function and all that hangs on it, with a note of each body that runs. */
function noting<Test extends typeof bunTest.test>(test: Test, note: (text: string) => void): Test {
  const noted = (name: unknown, body: () => unknown) => async () => {
    note(`${file}: ${String(name)}`);
    try {
      await body();
    } finally {
      note(file);
    }
  };
  return new Proxy(test, {
    apply: (target, self, [name, body, ...more]) =>
      Reflect.apply(target, self, [name, isBody(body) ? noted(name, body) : body, ...more]),
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

if (directory !== undefined) {
  const path = join(directory, String(process.pid));
  const note = (text: string) => writeFileSync(path, text);
  note(file);
  const { test, it } = bunTest;
  bunTest.mock.module("bun:test", () => ({
    ...bunTest,
    test: noting(test, note),
    it: noting(it, note),
  }));
}
