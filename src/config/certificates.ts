/** Reads the TLS files that Docker's, containerd's and the original's users put beside each other in `certs.d/HOST`. */
import { readdir, readFile } from "node:fs/promises";
import { AceError, systemCodeOf } from "../errors.ts";
import { type Environment, variable } from "./config.ts";

/** PEM text, as far as there are files. */
export interface Certificates {
  ca?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
}

/** The `certs.d` directories, in order; the first that has one for the host is the only one that is read. */
export function certificateRoots(environment: Environment): readonly string[] {
  const home = variable(environment, "HOME");
  return [
    "/etc/containerd/certs.d",
    "/etc/docker/certs.d",
    ...(home === undefined ? [] : [`${home}/.docker/certs.d`]),
  ];
}

/**
 * The certificates for a host: `ca.pem`, `cert.pem`, `key.pem` (the original's names), `*.crt` and `X.cert` with `X.key`
 * (Docker's). Authorities are joined; of several client pairs `cert.pem` comes first, then the alphabet.
 * @param host `host[:port]` of the endpoint
 * @throws AceError `config` when a file cannot be read, or a certificate lacks its key or a key its certificate
 */
export async function readCertificates(host: string, roots: readonly string[]): Promise<Certificates> {
  for (const root of roots) {
    const directory = `${root}/${host}`;
    const names = await list(directory);
    if (names !== undefined) return readDirectory(directory, names);
  }
  return {};
}

/** Sorted names; undefined when there is no such directory, or one that we may not look into (as containers/image does). */
async function list(directory: string): Promise<string[] | undefined> {
  try {
    return (await readdir(directory)).sort();
  } catch (cause) {
    const code = systemCodeOf(cause);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES" || code === "EPERM") return undefined;
    throw new AceError("config", `Cannot read certificates ${directory}: ${code ?? "it fails to open"}`, {
      cause,
    });
  }
}

async function readDirectory(directory: string, names: readonly string[]): Promise<Certificates> {
  const authorities = names.filter((name) => name === "ca.pem" || name.endsWith(".crt"));
  const pairs = [
    ...pairOf(directory, names, "cert.pem", "key.pem"),
    ...names
      .filter((name) => /\.(cert|key)$/.test(name))
      .map((name) => name.replace(/\.(cert|key)$/, ""))
      .filter((stem, index, stems) => stems.indexOf(stem) === index)
      .flatMap((stem) => pairOf(directory, names, `${stem}.cert`, `${stem}.key`)),
  ];
  const read = (name: string) => readPem(`${directory}/${name}`);
  const pair = pairs[0];
  const ca = await Promise.all(authorities.map(read));
  return {
    ...(ca.length === 0 ? {} : { ca: ca.join("\n") }),
    ...(pair === undefined ? {} : { cert: await read(pair.cert), key: await read(pair.key) }),
  };
}

function pairOf(
  directory: string,
  names: readonly string[],
  cert: string,
  key: string,
): { cert: string; key: string }[] {
  if (names.includes(cert) && names.includes(key)) return [{ cert, key }];
  if (!names.includes(cert) && !names.includes(key)) return [];
  const [there, missing] = names.includes(cert) ? [cert, key] : [key, cert];
  throw new AceError("config", `Cannot use certificates ${directory}: there is ${there} but no ${missing}`, {
    hint: "A client certificate and its key come as a pair: cert.pem with key.pem, or X.cert with X.key.",
  });
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new AceError(
      "config",
      `Cannot read certificate ${file}: ${systemCodeOf(cause) ?? "it fails to open"}`,
      {
        cause,
      },
    );
  }
}
