/** Asks a `docker-credential-*` program (docker/docker-credential-helpers, "Development") for one registry's secret. */
import { spawn } from "node:child_process";
import * as v from "valibot";
import { AceError, systemCodeOf } from "../errors.ts";
import type { Credentials } from "../registry/settings.ts";
import type { Environment } from "./config.ts";

/** A helper may wait for a person to unlock a key ring; longer than this nobody is there. */
const timeoutMs = 120_000;

const answerSchema = v.object({ Username: v.nullish(v.string()), Secret: v.nullish(v.string()) });

/** The helpers' one way to say "no": on stdout, with a non-zero exit. */
const notFoundText = "credentials not found in native keychain";

/**
 * Runs `docker-credential-NAME get` with the server's address on its standard input; its stderr is ours.
 * @param server the key as Docker spells it, `https://index.docker.io/v1/` for the Hub
 * @returns undefined when the helper has nothing for that server
 * @throws AceError `config` when the helper is not there, fails or answers nonsense
 */
export async function askHelper(
  name: string,
  server: string,
  environment: Environment,
): Promise<Credentials | undefined> {
  const program = `docker-credential-${name}`;
  const fail = (state: string, cause?: unknown): AceError =>
    new AceError("config", `Cannot get credentials for ${server} from ${program}: ${state}`, {
      cause,
      hint: `Docker's config.json names this helper; install it, or remove it from credHelpers or credsStore.`,
    });
  if (!/^[A-Za-z0-9._-]+$/.test(name)) throw fail("that is no name of a helper");
  const { code, output } = await runHelper(program, server, environment, fail);
  if (code !== 0) {
    // The rest of the output is not quoted: nobody promises that it has no secret in it.
    if (output.includes(notFoundText)) return undefined;
    throw fail(`it ended with exit code ${code ?? "none"}`);
  }
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), answerSchema), output);
  if (!result.success) throw fail("its answer is not the JSON of a credential");
  const { Username: username, Secret: secret } = result.output;
  if (!secret) return undefined;
  return username === "<token>" ? { identityToken: secret } : { username: username ?? "", password: secret };
}

function runHelper(
  program: string,
  server: string,
  environment: Environment,
  fail: (state: string, cause?: unknown) => AceError,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ["get"], {
      env: { ...environment },
      stdio: ["pipe", "pipe", "inherit"],
      timeout: timeoutMs,
    });
    const chunks: Buffer[] = [];
    child.on("error", (cause) => {
      reject(
        fail(systemCodeOf(cause) === "ENOENT" ? "there is no such program on PATH" : cause.message, cause),
      );
    });
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.on("close", (code) => resolve({ code, output: Buffer.concat(chunks).toString("utf8") }));
    // A helper that ends without reading its input breaks the pipe; its exit code says what is wrong.
    child.stdin.on("error", (cause) => {
      if (systemCodeOf(cause) !== "EPIPE") reject(fail(cause.message, cause));
    });
    child.stdin.end(server);
  });
}
