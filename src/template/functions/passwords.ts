/** The functions that hash, derive and use passwords. */
import type { Budget } from "../budget.ts";
import { stringToBytes } from "../go/utf8.ts";
import { defineWithBudget } from "../values/define.ts";
import { decryptAes, encryptAes } from "./aes.ts";
import { derivePassword } from "./derive-password.ts";

/** Steps that one slow hash costs: it takes about a tenth of a second. */
const stepsPerHash = 400_000;
/** bcrypt's DefaultCost in Go. */
const bcryptCost = 10;
/** What bcrypt can take in. */
const bcryptBytes = 72;

export const passwordFunctions = [
  defineWithBudget("bcrypt", "func(string) string", bcrypt),
  defineWithBudget("htpasswd", "func(string, string) string", (budget, user, password) =>
    user.includes(":") ? `invalid username: ${user}` : `${user}:${bcrypt(budget, password)}`,
  ),
  defineWithBudget(
    "derivePassword",
    "func(uint32, string, string, string, string) string",
    (budget, counter, type, password, user, site) => {
      budget.steps(stepsPerHash);
      return derivePassword(counter, type, password, user, site);
    },
  ),
  defineWithBudget("encryptAES", "func(string, string) (string, error)", (_budget, password, text) =>
    encryptAes(password, text),
  ),
  defineWithBudget("decryptAES", "func(string, string) (string, error)", (_budget, password, text) =>
    decryptAes(password, text),
  ),
];

function bcrypt(budget: Budget, password: string): string {
  if (password.length > bcryptBytes) {
    return "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes";
  }
  budget.steps(stepsPerHash);
  // bcrypt puts a zero behind the password: with an empty one, which the runtime refuses, it sees the same bytes.
  const bytes = stringToBytes(password === "" ? "\0" : password);
  const hash = Bun.password.hashSync(bytes, { algorithm: "bcrypt", cost: bcryptCost });
  // 2b is the same as 2a for all that fits; Go writes 2a.
  return hash.replace(/^\$2b\$/, "$2a$");
}
