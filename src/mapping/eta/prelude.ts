/** The code that readies the world in which an Eta template runs, before any of the template's own does. */

/** Bytes of the text that a template may write, and of what one call of `repeat` and the like may make. */
export const MAX_ETA_TEXT = 1_000_000;

/**
 * An expression: a function that takes the bridge, the names of the functions, and gives back the function that takes the
 * compiled template. It runs inside, so all that it makes belongs there. Two things must hold, or the template is free:
 * - `call`, the only thing from outside, is named nowhere but here, and what it throws is never looked at: from any
 *   object of the outside a way leads to its `Function`, and from there to `process`.
 * - What the runtime itself would hand in is gone: call sites (`Error.prepareStackTrace`), `ShadowRealm`, promises.
 */
export const prelude = `(call, names, limit) => {
  "use strict";
  const { parse, stringify } = JSON;
  const { defineProperty, keys } = Object;
  const { apply } = Reflect;
  const { isArray } = Array;
  const Failure = Error, Big = BigInt, Text = String, finite = Number.isFinite;
  defineProperty(Error, "prepareStackTrace", { value: undefined, writable: false, configurable: false });
  for (const name of ["ShadowRealm", "Promise", "WebAssembly", "SharedArrayBuffer", "ArrayBuffer", "Atomics", "DataView",
    "WeakRef", "FinalizationRegistry", "AsyncDisposableStack", "console", "Int8Array", "Uint8Array", "Uint8ClampedArray",
    "Int16Array", "Uint16Array", "Int32Array", "Uint32Array", "Float16Array", "Float32Array", "Float64Array",
    "BigInt64Array", "BigUint64Array"]) delete globalThis[name];
  delete Array.fromAsync;
  const bound = (prototype, name, size) => {
    const original = prototype[name];
    prototype[name] = function (...args) {
      if (size(this, args) > limit) throw new RangeError(name + " would make more than " + limit + " elements");
      return apply(original, this, args);
    };
  };
  bound(String.prototype, "repeat", (text, [count]) => Text(text).length * count);
  bound(String.prototype, "padStart", (_text, [length]) => length);
  bound(String.prototype, "padEnd", (_text, [length]) => length);
  for (const name of ["fill", "join", "concat", "flat"]) bound(Array.prototype, name, (list) => list.length);

  const ids = new WeakMap();
  const idOf = ids.get.bind(ids), keep = ids.set.bind(ids);
  const encode = (value, depth) => {
    if (depth > 100) throw new Failure("value nested deeper than 100 levels");
    if (typeof value === "string" || typeof value === "boolean") return value;
    if (typeof value === "number") return finite(value) ? value : { n: Text(value) };
    if (typeof value === "bigint") return { i: Text(value) };
    if (typeof value !== "object" || value === null) return null;
    const id = idOf(value);
    if (id !== undefined) return { h: id };
    if (isArray(value)) {
      if (value.length > limit) throw new Failure("a list of more than " + limit + " elements");
      const list = [];
      for (let at = 0; at < value.length; at++) list[at] = encode(value[at], depth + 1);
      return list;
    }
    const object = {};
    for (const key of keys(value)) defineProperty(object, key, { value: encode(value[key], depth + 1), enumerable: true });
    return { o: object };
  };
  const decode = (value) => {
    if (typeof value !== "object" || value === null) return value;
    if (isArray(value)) {
      for (let at = 0; at < value.length; at++) value[at] = decode(value[at]);
      return value;
    }
    if ("i" in value) return Big(value.i);
    if ("n" in value) return +value.n;
    if ("h" in value) return handle(value);
    for (const key of keys(value.o)) defineProperty(value.o, key, { value: decode(value.o[key]), enumerable: true, writable: true });
    return value.o;
  };
  const handle = ({ h, t, m }) => {
    const object = { toString: () => t, toJSON: () => t };
    for (const name of m) object[name] = (...args) => ask({ h, f: name, a: encode(args, 0) });
    keep(object, h);
    return object;
  };
  const ask = (message) => {
    const question = stringify(message);
    let answer;
    try {
      answer = call(question);
    } catch {
      throw new Failure("the functions are out of reach: is the stack used up?");
    }
    const { error, value } = parse(answer);
    if (error !== undefined) throw new Failure(error);
    return decode(value);
  };

  const fn = {};
  for (const name of names) {
    fn[name] = (...args) => ask({ f: name, a: encode(args, 0) });
    if (name !== "default") defineProperty(globalThis, name, { value: fn[name], writable: true, configurable: true });
  }
  defineProperty(globalThis, "fn", { value: fn, writable: true, configurable: true });

  const noInclude = () => { throw new Failure("there are no other templates to include"); };
  const owner = {
    config: { escapeFunction: Text, filterFunction: Text },
    render: noInclude,
    renderAsync: noInclude,
    RuntimeErr: (error, _template, line) => { throw new Failure("line " + line + ": " + told(error)); },
  };
  const told = (error) => Text(error instanceof Failure ? error.message : error);
  let template;
  defineProperty(globalThis, "$run", { value: () => {
    try {
      const text = Text(apply(template, owner, [ask({ it: true }), {}]));
      if (text.length > limit) throw new Failure("more than " + limit + " bytes of output");
      return stringify({ text });
    } catch (error) {
      return stringify({ error: told(error) });
    }
  } });
  return (compiled) => { template = compiled; };
}`;
