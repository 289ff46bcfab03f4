/** The function that ends a template with a message of its own. */
import { GoError } from "../go/go-error.ts";
import { define } from "../values/define.ts";

/** fail. */
export const flowFunctions = [
  define("fail", "func(string) (string, error)", (message) => {
    throw new GoError(message);
  }),
];
