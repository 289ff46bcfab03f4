/** Digests as templates see them: the Go types digest.Digest and digest.Algorithm with their methods (go-digest 1.0.0). */
import { createHash } from "node:crypto";
import { GoPanic } from "../template/go/go-error.ts";
import { quote } from "../template/go/quote.ts";
import { method } from "../template/values/define.ts";
import { nil, pointer, str, struct } from "../template/values/make.ts";
import type { Value } from "../template/values/model.ts";
import { definedType, pointerTo, stringType, structType } from "../template/values/types.ts";

/** Bytes of the algorithms that Go's library registers. */
const sizes: ReadonlyMap<string, number> = new Map([
  ["sha256", 32],
  ["sha384", 48],
  ["sha512", 64],
]);

const errorText = structType("errors.errorString", [{ name: "s", type: stringType }]);

/** `*errors.errorString`: an error that a template can print. */
const errorStringType = pointerTo(
  errorText,
  new Map([
    [
      "Error",
      method("func() string", (receiver) => {
        const text =
          receiver.kind === "ptr" && receiver.elem?.kind === "struct" ? receiver.elem.fields.get("s") : nil;
        return text?.kind === "string" ? text : str("");
      }),
    ],
  ]),
);

function textOf(value: Value): string {
  return value.kind === "string" ? value.value : "";
}

/** `digest.Algorithm`. Its methods that hand out hash states are left out: a template can do nothing with them. */
export const algorithmType = definedType(
  "digest.Algorithm",
  "string",
  new Map([
    ["String", method("func() string", textOf)],
    ["Available", method("func() bool", (receiver) => sizes.has(textOf(receiver)))],
    ["Size", method("func() int", (receiver) => sizes.get(textOf(receiver)) ?? 0)],
    [
      "Validate",
      method("func(string) error", (receiver, encoded) => errorOf(faultOf(textOf(receiver), encoded))),
    ],
    [
      "FromString",
      method("func(string) any", (receiver, text) => str(digestOf(textOf(receiver), text), digestType)),
    ],
  ]),
);

/** What checks content against a digest; only the check of no content can be asked for here. */
const verifierType = structType(
  "digest.hashVerifier",
  [],
  new Map([
    ["Verified", method("func() bool", (receiver) => receiver.kind === "struct" && receiver.native === true)],
  ]),
);

/** `digest.Digest`. */
export const digestType = definedType(
  "digest.Digest",
  "string",
  new Map([
    [
      "Algorithm",
      method("func() digest.Algorithm", (receiver) => str(cut(receiver)[0], algorithmType), [algorithmType]),
    ],
    ["Encoded", method("func() string", (receiver) => cut(receiver)[1])],
    ["Hex", method("func() string", (receiver) => cut(receiver)[1])],
    ["String", method("func() string", textOf)],
    ["Validate", method("func() error", (receiver) => errorOf(faultOfDigest(textOf(receiver))))],
    [
      "Verifier",
      method("func() any", (receiver) =>
        struct(verifierType, {}, digestOf(cut(receiver)[0], "") === textOf(receiver)),
      ),
    ],
  ]),
);

/** What is wrong with a digest, in Go's words; undefined when it is good. @param text a byte string */
export function faultOfDigest(text: string): string | undefined {
  const colon = text.indexOf(":");
  if (colon <= 0 || colon + 1 === text.length) return invalidFormat;
  const algorithm = text.slice(0, colon);
  if (sizes.has(algorithm)) return faultOf(algorithm, text.slice(colon + 1));
  return /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/.test(text) ? unsupported : invalidFormat;
}

const invalidFormat = "invalid checksum digest format";
const unsupported = "unsupported digest algorithm";

function faultOf(algorithm: string, encoded: string): string | undefined {
  const size = sizes.get(algorithm);
  if (size === undefined) return unsupported;
  if (encoded.length !== 2 * size) return "invalid checksum digest length";
  return /^[a-f0-9]*$/.test(encoded) ? undefined : invalidFormat;
}

function errorOf(fault: string | undefined): Value {
  return fault === undefined ? nil : pointer(errorStringType, struct(errorText, { s: str(fault) }));
}

function cut(receiver: Value): [algorithm: string, encoded: string] {
  const text = textOf(receiver);
  const colon = text.indexOf(":");
  if (colon < 0) throw new GoPanic(`no ':' separator in digest ${quote(text)}`);
  return [text.slice(0, colon), text.slice(colon + 1)];
}

/** @throws GoPanic for an algorithm that Go's library does not have */
function digestOf(algorithm: string, content: string): string {
  if (algorithm === "") throw new GoPanic("empty digest algorithm, validate before calling Algorithm.Hash()");
  if (!sizes.has(algorithm)) throw new GoPanic(`${algorithm} not available (make sure it is imported)`);
  return `${algorithm}:${createHash(algorithm).update(content, "latin1").digest("hex")}`;
}
