/** skopeo, the tool our users have beside ours. */
import { program } from "./needs.ts";

export const skopeoNeed = program("skopeo");

/**
 * Runs skopeo; TLS is not checked and no policy is asked.
 * @returns what it prints
 * @throws Error with its stderr
 */
export async function skopeo(...args: readonly string[]): Promise<string> {
  const child = Bun.spawn(["skopeo", "--insecure-policy", ...args], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  const code = await child.exited;
  if (code !== 0) throw new Error(`skopeo ${args.join(" ")} ended with ${code}: ${stderr}`);
  return stdout;
}

/**
 * Copies with digests kept; `docker://127.0.0.1:port/...`, `oci:DIR:TAG`, `oci-archive:FILE:TAG` and so on.
 * @param all every platform of an index, not only this machine's
 */
export async function skopeoCopy(from: string, to: string, all = true): Promise<void> {
  const tls = ["--src-tls-verify=false", "--dest-tls-verify=false"];
  await skopeo("copy", "-q", ...tls, "--preserve-digests", ...(all ? ["--all"] : []), from, to);
}

/** The bytes of a manifest, as text. */
export async function skopeoInspectRaw(image: string): Promise<string> {
  return await skopeo("inspect", "--raw", "--tls-verify=false", image);
}
