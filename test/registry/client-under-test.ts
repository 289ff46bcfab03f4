/** A client against registries on this machine, with what it said. */

import type { Descriptor } from "../../src/oci/descriptor.ts";
import { type Digest, digestOf } from "../../src/oci/digest.ts";
import { type ClientNotice, RegistryClient } from "../../src/registry/client.ts";
import { newConnectionTable } from "../../src/registry/http/connection-table.ts";
import { newHostGates } from "../../src/registry/http/gates.ts";
import type { Repository } from "../../src/registry/repository.ts";
import type { EndpointSettings } from "../../src/registry/settings.ts";
import type { BlobBody } from "../../src/registry/upload-part.ts";

/** Disposing closes the client. */
export interface ClientUnderTest extends AsyncDisposable {
  client: RegistryClient;
  notices: ClientNotice[];
  stop: AbortController;
  /** A repository at one or several endpoints, by URL or by settings. */
  repository(endpoints: string | readonly (string | EndpointSettings)[], repository: string): Repository;
}

export function openClient(options: { connectionsPerHost?: number } = {}): ClientUnderTest {
  const notices: ClientNotice[] = [];
  const stop = new AbortController();
  const client = new RegistryClient({
    connections: newConnectionTable(options.connectionsPerHost ?? 4),
    gates: newHostGates(),
    userAgent: "ace-dt/test",
    signal: stop.signal,
    onNotice: (notice) => notices.push(notice),
  });
  return {
    client,
    notices,
    stop,
    repository: (endpoints, repository) => {
      const list = typeof endpoints === "string" ? [endpoints] : endpoints;
      const settings = list.map((endpoint) =>
        typeof endpoint === "string" ? endpointAt(endpoint) : endpoint,
      );
      return client.repository({ settings: { registry: "registry.test", endpoints: settings }, repository });
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

export function endpointAt(url: string, more: Partial<EndpointSettings> = {}): EndpointSettings {
  return { url, tls: { insecureSkipVerify: false }, referrers: "auto", singleContext: false, ...more };
}

/** A blob's bytes in pieces, with every opening noted. */
export function bodyOf(
  bytes: Uint8Array,
  pieceBytes = 64 * 1024,
): BlobBody & { opened: number[]; acked: number[] } {
  const opened: number[] = [];
  const acked: number[] = [];
  return {
    opened,
    acked,
    async *open(offset) {
      opened.push(offset);
      for (let at = offset; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
    },
    acknowledged: (position) => acked.push(position),
  };
}

export function blobDescriptor(bytes: Uint8Array, algorithm?: string): Descriptor {
  return { mediaType: "application/octet-stream", digest: digestOf(bytes, algorithm), size: bytes.length };
}

/** A sink that keeps everything. */
export class KeepingSink {
  readonly chunks: Uint8Array[] = [];
  length = 0;

  write(chunk: Uint8Array): void {
    this.chunks.push(Uint8Array.from(chunk));
    this.length += chunk.length;
  }

  get digest(): Digest {
    return digestOf(Buffer.concat(this.chunks));
  }
}
