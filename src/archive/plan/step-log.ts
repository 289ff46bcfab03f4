/** What an archive will hold, in order, put away so small that the number of images hardly counts. */
import { PackedLog } from "../../content/packed-log.ts";
import type { Descriptor } from "../../oci/descriptor.ts";

/** One entry of the archive to be. */
export type LoggedStep =
  /** `isEntry`: directly below the root. The bytes are good until the next step is asked for. */
  | { kind: "manifest"; descriptor: Descriptor; bytes: Uint8Array; isEntry: boolean }
  | { kind: "blob"; descriptor: Descriptor }
  /** What follows belongs to this manifest below the root, which itself came before. */
  | { kind: "entry"; descriptor: Descriptor };

// The first byte of a record. Four bytes with the length of the descriptor's JSON follow, the JSON, and a manifest's own bytes.
const kinds = { blob: 0, manifest: 1, entryManifest: 2, entry: 3 } as const;
const headBytes = 5;

export class StepLog {
  readonly #log = new PackedLog();
  readonly #utf8 = new TextEncoder();

  appendManifest(descriptor: Descriptor, bytes: Uint8Array, isEntry: boolean): void {
    this.#append(isEntry ? kinds.entryManifest : kinds.manifest, descriptor, bytes);
  }

  appendBlob(descriptor: Descriptor): void {
    this.#append(kinds.blob, descriptor, new Uint8Array(0));
  }

  appendEntry(descriptor: Descriptor): void {
    this.#append(kinds.entry, descriptor, new Uint8Array(0));
  }

  /** All steps in order; as often as wanted. */
  *steps(): Generator<LoggedStep, void, undefined> {
    for (const record of this.#log.records()) yield decode(record);
  }

  #append(kind: number, descriptor: Descriptor, bytes: Uint8Array): void {
    const json = this.#utf8.encode(JSON.stringify(descriptor));
    const record = new Uint8Array(headBytes + json.length + bytes.length);
    record[0] = kind;
    new DataView(record.buffer).setUint32(1, json.length);
    record.set(json, headBytes);
    record.set(bytes, headBytes + json.length);
    this.#log.append(record);
  }
}

function decode(record: Uint8Array): LoggedStep {
  const jsonEnd = headBytes + new DataView(record.buffer, record.byteOffset).getUint32(1);
  // Written above from a descriptor that was checked when it came in.
  const descriptor = JSON.parse(new TextDecoder().decode(record.subarray(headBytes, jsonEnd))) as Descriptor;
  if (record[0] === kinds.blob) return { kind: "blob", descriptor };
  if (record[0] === kinds.entry) return { kind: "entry", descriptor };
  return {
    kind: "manifest",
    descriptor,
    bytes: record.subarray(jsonEnd),
    isEntry: record[0] === kinds.entryManifest,
  };
}
