/** The mapper that asks a Go template where an image goes. */
import { basename } from "node:path";
import { AceError } from "../errors.ts";
import { parseTemplate } from "../template/template.ts";
import { TemplateError } from "../template/template-error.ts";
import { descriptorValue } from "./descriptor-value.ts";
import { destinationsIn } from "./destination-lines.ts";
import type { Mapper } from "./mapper.ts";
import { referenceFunctions } from "./reference-functions.ts";

/**
 * The destinations that a template writes, one a line. Its dot is the image's descriptor with Go's field names.
 * @param file for messages
 * @param source the template's text
 * @throws AceError `input` for a template that Go would not parse either
 */
export function goTemplateMapper(file: string, source: string): Mapper {
  const template = naming(`read template ${file}`, () =>
    parseTemplate(basename(file), source, referenceFunctions),
  );
  return {
    kind: "go-template",
    destinations: (descriptor, reference) =>
      naming(`map ${reference} with template ${file}`, () =>
        destinationsIn(template.execute(descriptorValue(descriptor))),
      ),
  };
}

function naming<T>(act: string, compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    if (error instanceof TemplateError)
      throw new AceError("input", `Cannot ${act}: ${error.message}`, {
        cause: error,
        hint: "The message says line, column and the action at fault; columns count bytes from 0.",
      });
    if (error instanceof AceError)
      throw new AceError("input", `Cannot ${act}: ${error.message.replace(/^Cannot .*?: /s, "")}`, {
        cause: error,
        ...(error.hint === undefined ? {} : { hint: error.hint }),
      });
    throw error;
  }
}
