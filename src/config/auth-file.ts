/** Reads the files in which Docker and Podman keep credentials: `config.json` and `auth.json`. */
import { readFile } from "node:fs/promises";
import * as v from "valibot";
import { AceError, systemCodeOf } from "../errors.ts";
import type { Credentials } from "../registry/settings.ts";

// Everything else in these files (proxies, plugins, HttpHeaders) is none of our business.
const authFileSchema = v.pipe(
  v.unknown(),
  v.check((value) => !Array.isArray(value)),
  v.object({
    auths: v.nullish(v.record(v.string(), v.unknown())),
    credsStore: v.nullish(v.string()),
    credHelpers: v.nullish(v.record(v.string(), v.string())),
  }),
);

const entrySchema = v.object({
  auth: v.nullish(v.string()),
  username: v.nullish(v.string()),
  password: v.nullish(v.string()),
  identitytoken: v.nullish(v.string()),
  registrytoken: v.nullish(v.string()),
});

/** What an auth file says, keys as written. */
export interface AuthFile {
  /** The file's or variable's name, for messages. */
  name: string;
  auths: Readonly<Record<string, unknown>>;
  credsStore: string | undefined;
  credHelpers: Readonly<Record<string, string>>;
}

/**
 * Reads an auth file.
 * @returns undefined when there is none: before the first login that is normal
 * @throws AceError `config` when it is there and cannot be read
 */
export async function readAuthFile(file: string): Promise<AuthFile | undefined> {
  try {
    return parseAuthFile(await readFile(file, "utf8"), file);
  } catch (cause) {
    if (cause instanceof AceError) throw cause;
    const code = systemCodeOf(cause);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new AceError("config", `Cannot read credentials ${file}: ${code ?? "it fails to open"}`, { cause });
  }
}

/**
 * Checks an auth file's text. The text is never quoted in a message: it is full of secrets.
 * @throws AceError `config`
 */
export function parseAuthFile(text: string, name: string): AuthFile {
  const result = v.safeParse(
    v.pipe(v.string(), v.parseJson(), authFileSchema),
    text.trim() === "" ? "{}" : text,
  );
  if (!result.success) {
    const key = v.getDotPath(result.issues[0]);
    const state = key === null ? "it is no JSON object" : `key ${key} has the wrong type`;
    throw new AceError("config", `Cannot read credentials ${name}: ${state}`, {
      hint: "The file has the format of Docker's config.json.",
    });
  }
  const { auths, credsStore, credHelpers } = result.output;
  return { name, auths: auths ?? {}, credsStore: credsStore || undefined, credHelpers: credHelpers ?? {} };
}

/** An entry of `auths` as credentials; undefined for `{}` (Docker's mark for "a helper has it") and for nonsense. */
export function credentialsOf(entry: unknown): Credentials | undefined {
  const result = v.safeParse(entrySchema, entry);
  if (!result.success) return undefined;
  const { auth, username, password, identitytoken, registrytoken } = result.output;
  if (registrytoken) return { registryToken: registrytoken };
  const pair = decodeAuth(auth ?? "") ?? { username: username ?? "", password: password ?? "" };
  if (identitytoken)
    return { ...(pair.username ? { username: pair.username } : {}), identityToken: identitytoken };
  return pair.username === "" && pair.password === "" ? undefined : pair;
}

/** base64 of `user:password`; the password may have colons, and old Dockers padded it with NULs. */
function decodeAuth(auth: string): { username: string; password: string } | undefined {
  if (!/^[A-Za-z0-9+/_-]+=*$/.test(auth)) return undefined;
  const text = Buffer.from(auth, "base64").toString("utf8").replace(/\0+$/, "");
  const colon = text.indexOf(":");
  return colon <= 0 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
