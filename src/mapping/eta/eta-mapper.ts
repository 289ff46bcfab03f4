/** The mapper that asks an Eta template where an image goes: the same dot and functions as a Go template, in JavaScript. */
import { Eta } from "eta/core";
import { AceError, messageOf } from "../../errors.ts";
import { functionNames } from "../../template/call-function.ts";
import { descriptorValue } from "../descriptor-value.ts";
import { destinationsIn } from "../destination-lines.ts";
import type { Mapper } from "../mapper.ts";
import { referenceFunctions } from "../reference-functions.ts";
import { Bridge } from "./bridge.ts";
import { sandbox } from "./sandbox.ts";

/**
 * The destinations that a template writes, one a line. `it` is the descriptor with Go's field names.
 * @param file for messages
 * @param source the template's text
 * @throws AceError `input` for a template that does not parse
 */
export function etaMapper(file: string, source: string): Mapper {
  const bridge = new Bridge();
  const render = naming(`read template ${file}`, () =>
    sandbox(compile(source), functionNames(referenceFunctions), bridge.answer),
  );
  return {
    kind: "eta",
    destinations(descriptor, reference) {
      bridge.begin(descriptorValue(descriptor));
      const result = render();
      if ("error" in result)
        throw new AceError("input", `Cannot map ${reference} with template ${file}: ${result.error}`);
      return destinationsIn(result.text);
    },
  };
}

/** Words that would bring promises and modules into the sandbox, and errors of the outside with them. */
const refused = /\b(?:import|async|await)\b/;

function compile(source: string): string {
  const eta = new Eta({ autoEscape: false, debug: true });
  for (const part of eta.parse(source)) {
    const word = typeof part === "string" ? undefined : refused.exec(part.val)?.[0];
    if (word !== undefined)
      throw new Error(`${word} is not there: the code of a template is synchronous and alone`);
  }
  // Eta sets the line without a semicolon: code that begins with a bracket or a pattern would go on with that statement.
  return eta.compileToString(source).replace(/^__eta\.line=\d+$/gm, "$&;");
}

function naming<T>(act: string, compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    throw new AceError("input", `Cannot ${act}: ${messageOf(error).replace(/^Cannot .*?: /s, "")}`, {
      cause: error,
    });
  }
}
