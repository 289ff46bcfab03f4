/** Names and passwords from an htpasswd file, and the check of a request's Authorization header against them. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { AceError, systemState } from "../errors.ts";
import { apr1 } from "./apr1.ts";

/** bcrypt looks at no more of a password, and Bun would hash a longer one first, which htpasswd does not. */
const bcryptLimitBytes = 72;
/** Right passwords to remember, so that bcrypt is paid once a client and not once a request. */
const rememberLimit = 1024;

type Verify = (password: string) => boolean | Promise<boolean>;

/**
 * Reads a file of `name:hash` lines; bcrypt (`htpasswd -B`), apr1 (`htpasswd -m`) and SHA-1 (`htpasswd -s`) hashes are known.
 * The file is read once: restart the registry after a change.
 * @returns the check of an Authorization header
 * @throws AceError `input`, with the line
 */
export function readHtpasswd(path: string): (header: string | null) => Promise<boolean> {
  const users = parseHtpasswd(readText(path), path);
  // Under a key of this process, so that a memory dump of the map tells no passwords.
  const key = randomBytes(32);
  const answers = new Map<string, Promise<boolean>>();
  return async (header) => {
    const credentials = parseBasic(header);
    if (credentials === undefined) return false;
    const id = createHmac("sha256", key)
      .update(`${credentials.name}:${credentials.password}`)
      .digest("base64");
    const known = answers.get(id);
    // Also while it is being checked: 25 connections of one client cost one bcrypt.
    if (known !== undefined) return known;
    const checking = check(users, credentials);
    answers.set(id, checking);
    const isRight = await checking.catch((error: unknown) => {
      answers.delete(id);
      throw error;
    });
    if (!isRight || answers.size > rememberLimit) answers.delete(id);
    return isRight;
  };
}

async function check(users: ReadonlyMap<string, Verify>, { name, password }: Credentials): Promise<boolean> {
  const verify = users.get(name);
  if (verify !== undefined) return verify(password);
  // An unknown name takes as long as a known one, so that the time does not tell which names there are.
  const [anyone] = users.values();
  await anyone?.(password);
  return false;
}

interface Credentials {
  name: string;
  password: string;
}

function parseBasic(header: string | null): Credentials | undefined {
  const [, encoded] = /^Basic\s+([A-Za-z0-9+/=]+)\s*$/i.exec(header ?? "") ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new AceError(
      "input",
      `Cannot read the htpasswd file ${JSON.stringify(path)}: ${systemState(cause)}`,
      { cause },
    );
  }
}

function parseHtpasswd(text: string, path: string): ReadonlyMap<string, Verify> {
  const users = new Map<string, Verify>();
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const colon = line.indexOf(":");
    const verify = colon < 1 ? undefined : verifierFor(line.slice(colon + 1));
    if (verify === undefined) {
      throw new AceError(
        "input",
        `Cannot use line ${index + 1} of the htpasswd file ${JSON.stringify(path)}: want NAME:HASH with a bcrypt, apr1 or {SHA} hash`,
        { hint: "Write the line with: htpasswd -B FILE NAME" },
      );
    }
    users.set(line.slice(0, colon), verify);
  }
  if (users.size > 0) return users;
  throw new AceError("input", `Cannot use the htpasswd file ${JSON.stringify(path)}: it names nobody`);
}

function verifierFor(hash: string): Verify | undefined {
  if (/^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/.test(hash)) {
    return (password) => Bun.password.verify(Buffer.from(password).subarray(0, bcryptLimitBytes), hash);
  }
  if (hash.startsWith("{SHA}")) {
    return (password) => isSame(`{SHA}${createHash("sha1").update(password).digest("base64")}`, hash);
  }
  const [, salt] = /^\$apr1\$([./A-Za-z0-9]{1,8})\$[./A-Za-z0-9]{22}$/.exec(hash) ?? [];
  return salt === undefined ? undefined : (password) => isSame(apr1(password, salt), hash);
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
