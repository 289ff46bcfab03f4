/** A token server as distribution's documentation describes it: signed tokens that docker-registry and distribution 3 believe. */
import { createPrivateKey, createPublicKey, randomUUID, sign, X509Certificate } from "node:crypto";
import { tempDir } from "./temp-dir.ts";

/** A request for a token. */
export interface TokenRequestSeen {
  method: string;
  /** Undefined for an anonymous one. */
  user: string | undefined;
  scopes: string[];
  service: string | null;
  /** Form fields of a POST. */
  form: Record<string, string>;
}

/** A running token server. */
export interface TokenServer extends AsyncDisposable {
  realm: string;
  requests: TokenRequestSeen[];
  /** The `auth` section for a registry's configuration. */
  registryYaml: string;
  /** Answers in place of the real ones, first in first out. */
  scripted: Response[];
}

const service = "registry.test";
const issuer = "token.test";

/**
 * Starts one. `bob` with password `secret` may do everything; an anonymous client may pull from `public/*`; everybody else gets a
 * token that allows nothing. The identity token `bobs-identity` is bob.
 */
export async function startTokenServer(): Promise<TokenServer> {
  const dir = await tempDir();
  const command = [
    "openssl",
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-days",
    "2",
    "-subj",
    "/CN=token.test",
  ];
  const made = Bun.spawnSync([...command, "-keyout", dir.file("key.pem"), "-out", dir.file("cert.pem")]);
  if (made.exitCode !== 0) throw new Error(made.stderr.toString());
  const key = createPrivateKey(await Bun.file(dir.file("key.pem")).text());
  const certificate = new X509Certificate(await Bun.file(dir.file("cert.pem")).text());
  const requests: TokenRequestSeen[] = [];
  const scripted: Response[] = [];
  const tokenFor = (access: readonly unknown[]): string => {
    const now = Math.floor(Date.now() / 1000);
    const kid = keyId(createPublicKey(key).export({ type: "spki", format: "der" }));
    const parts = [
      { typ: "JWT", alg: "RS256", kid, x5c: [certificate.raw.toString("base64")] },
      {
        iss: issuer,
        sub: "",
        aud: service,
        exp: now + 300,
        nbf: now - 10,
        iat: now,
        jti: randomUUID(),
        access,
      },
    ];
    const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
    return `${text}.${sign("RSA-SHA256", Buffer.from(text), key).toString("base64url")}`;
  };
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const url = new URL(request.url);
      const form: Record<string, string> =
        request.method === "POST" ? Object.fromEntries(new URLSearchParams(await request.text())) : {};
      const scopes = [...url.searchParams.getAll("scope"), ...(form.scope?.split(" ") ?? [])];
      const login = /^Basic (.+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
      const [name, password] = Buffer.from(login ?? "", "base64")
        .toString()
        .split(":");
      const user = form.refresh_token === "bobs-identity" ? "bob" : login === undefined ? undefined : name;
      requests.push({ method: request.method, user, scopes, service: url.searchParams.get("service"), form });
      const answer = scripted.shift();
      if (answer !== undefined) return answer;
      const trusted = user === "bob" && (password === "secret" || form.refresh_token !== undefined);
      if (user !== undefined && !trusted) {
        return Response.json({ details: "incorrect username or password" }, { status: 401 });
      }
      const access = scopes
        .map((scope) => granted(scope, trusted))
        .filter((entry) => entry.actions.length > 0);
      return Response.json({ token: tokenFor(access), expires_in: 300 });
    },
  });
  return {
    realm: `http://127.0.0.1:${server.port}/token`,
    requests,
    scripted,
    registryYaml: `auth: { token: { realm: "http://127.0.0.1:${server.port}/token", service: ${service}, issuer: ${issuer}, rootcertbundle: ${JSON.stringify(dir.file("cert.pem"))} } }\n`,
    [Symbol.asyncDispose]: async () => {
      await server.stop(true);
      await dir[Symbol.asyncDispose]();
    },
  };
}

function granted(scope: string, trusted: boolean): { type: string; name: string; actions: string[] } {
  const [type = "", name = "", actions = ""] = scope.split(":");
  const wanted = actions.split(",");
  const allowed = trusted
    ? wanted
    : name.startsWith("public/")
      ? wanted.filter((action) => action === "pull")
      : [];
  return { type, name, actions: allowed };
}

/** libtrust's key id: twelve groups of four base32 characters of the key's SHA-256. */
function keyId(spki: Buffer): string {
  const bytes = new Bun.CryptoHasher("sha256").update(spki).digest().subarray(0, 30);
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  let bits = "";
  for (const byte of bytes) bits += byte.toString(2).padStart(8, "0");
  const text = bits.replace(/.{5}/g, (five) => alphabet.charAt(Number.parseInt(five, 2)));
  return text.match(/.{4}/g)?.join(":") ?? "";
}
