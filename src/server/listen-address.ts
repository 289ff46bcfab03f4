/** Addresses to listen on, as `host:port`. */
import { AceError } from "../errors.ts";

/** A host name or IP address, without brackets, and a port; port 0 stands for a free one. */
export interface ListenAddress {
  host: string;
  port: number;
}

/**
 * Reads `127.0.0.1:5000`, `[::1]:5000` or `:5000`, which is every interface.
 * @throws AceError `usage`
 */
export function parseListenAddress(text: string): ListenAddress {
  const [, bracketed, plain, digits] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]\s/]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65535) {
    throw new AceError("usage", `Cannot listen on ${JSON.stringify(text)}: want HOST:PORT`, {
      hint: "Write an address such as 127.0.0.1:5000, [::1]:5000, or 127.0.0.1:0 for a free port.",
    });
  }
  return { host: bracketed ?? (plain || "0.0.0.0"), port };
}

/** `host:port`, with brackets around an IPv6 address. */
export function formatListenAddress({ host, port }: ListenAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A host that a client on this machine can connect to: the wildcard addresses are no destinations. */
export function reachableHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  return host === "::" ? "::1" : host;
}

/** True when only this machine can connect. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}
