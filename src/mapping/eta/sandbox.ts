/** Runs the code of an Eta template in a world of its own, with nothing in it but the language and the functions. */
import vm from "node:vm";
import * as v from "valibot";
import { AceError, messageOf } from "../../errors.ts";
import { MAX_ETA_TEXT, prelude } from "./prelude.ts";

/** Milliseconds that a template may compute for one image; a usual one takes less than one. */
export const MAX_ETA_MILLISECONDS = 500;

const answerSchema = v.union([v.object({ text: v.string() }), v.object({ error: v.string() })]);

/** A compiled template. @returns what it wrote; the reason of its failure in `error` */
export type SandboxedTemplate = () => { text: string } | { error: string };

/**
 * Loads the code of a function's body, with parameters `it` and `options`. The bridge gets text and gives text; nothing
 * else crosses, in either direction.
 * @param bridge answers one JSON text with another; must not throw
 * @throws AceError `input` for code that does not parse
 */
export function sandbox(
  code: string,
  names: readonly string[],
  bridge: (question: string) => string,
): SandboxedTemplate {
  const context = vm.createContext(Object.create(null), {
    codeGeneration: { strings: false, wasm: false },
    microtaskMode: "afterEvaluate",
  });
  const run = (source: string): unknown =>
    new vm.Script(source, { importModuleDynamically: refuseImport }).runInContext(context, {
      timeout: MAX_ETA_MILLISECONDS,
    });
  // The names are made inside, by the script: an array from here would be an object of the outside.
  const install = run(`(call) => (${prelude})(call, ${JSON.stringify(names)}, ${MAX_ETA_TEXT})`);
  const take = callable(install)(bridge);
  callable(take)(compile(run, code));
  const start = new vm.Script("$run()", { importModuleDynamically: refuseImport });
  return () => {
    try {
      return readAnswer(start.runInContext(context, { timeout: MAX_ETA_MILLISECONDS }));
    } catch (error) {
      return { error: messageOf(error) };
    }
  };
}

function compile(run: (source: string) => unknown, code: string): unknown {
  try {
    return run(`(function (it, options) {${code}\n})`);
  } catch (error) {
    throw new AceError("input", `Cannot read the template: its code does not parse: ${messageOf(error)}`);
  }
}

/** What is thrown here reaches the template: it must be a plain text, not an error of the outside. */
function refuseImport(): never {
  throw "there is nothing to import";
}

function callable(value: unknown): (argument: unknown) => unknown {
  if (typeof value !== "function")
    throw new AceError("input", "Cannot read the template: its code is no function");
  return (argument) => value(argument);
}

function readAnswer(answer: unknown): { text: string } | { error: string } {
  if (typeof answer !== "string") return { error: "the template gave no text" };
  const parsed: unknown = JSON.parse(answer);
  return v.parse(answerSchema, parsed);
}
