/** Eta templates as mappers: what they can do, and what they cannot. */
import { describe, expect, test } from "bun:test";
import { AceError } from "../../../src/errors.ts";
import { etaMapper } from "../../../src/mapping/eta/eta-mapper.ts";
import type { Descriptor } from "../../../src/oci/descriptor.ts";
import { functionTable } from "../../../src/template/functions/function-table.ts";
import { builtins } from "../../../src/template/run/builtins.ts";

const image: Descriptor = {
  mediaType: "application/vnd.oci.image.manifest.v1+json",
  digest: "sha256:a203e1071d73c6452715eb819701cb49ca18e0dcd82fe13928de2724c4f2861f",
  size: 1024,
  annotations: { "vnd.act3-ace.manifest.source": "docker.io/konstin2/maturin:v1.0.1" },
  platform: { os: "linux", architecture: "arm64" },
};
const hex = image.digest.slice("sha256:".length);

function run(template: string): string {
  return etaMapper("x.eta", template).destinations(image, "docker.io/konstin2/maturin:v1.0.1").join("\n");
}

function failure(template: string): string {
  try {
    run(template);
  } catch (error) {
    if (error instanceof AceError) return `${error.code} ${error.message}`;
    throw error;
  }
  return "nothing";
}

test.each([
  [
    "fields by Go's names",
    "<%= it.MediaType.length %> <%= it.Size %> <%= it.Platform.OS %>",
    "42 1024 linux",
  ],
  ["the digest as text", "<%= it.Digest %>", image.digest],
  ["methods of the digest", "<%= it.Digest.Encoded() %> <%= it.Digest.Algorithm() %>", `${hex} sha256`],
  ["the digest as an argument for text", '<%= trimPrefix("sha256:", it.Digest) %>', hex],
  [
    "annotations and the functions for references",
    '<% const s = it.Annotations["vnd.act3-ace.manifest.source"] %><%= Registry(s) %> <%= package(s) %>'.replace(
      "package(s)",
      "fn.package(s)",
    ),
    "docker.io konstin2/maturin:v1.0.1",
  ],
  ["a function whose name is a word of JavaScript", '<%= fn.default("a", "") %>', "a"],
  [
    "numbers for parameters of every number type",
    '<%= trunc(2, "abc") %> <%= addf(0.1, 0.2) %> <%= add(1, 2) %>',
    "ab 0.3 3",
  ],
  ["an integer beyond the numbers", "<%= int64(9007199254740993n) %>", "9007199254740993"],
  ["lists and objects", '<%= get(dict("a", [1, 2]), "a").length %> <%= join("-", [1, "b"]) %>', "2 1-b"],
  [
    "values with methods",
    '<%= semver("1.2.3").Major() %> <%= toDate("2006-01-02", "2020-01-02").Format("Jan 2") %>',
    "1 Jan 2",
  ],
  [
    "built-in functions",
    '<%= printf("%03d|%v", 7, [1]) %> <%= eq(1, 1) %> <%= and(1, 0) %> <%= or(0, "x") %>',
    "007|[1] true 0 x",
  ],
  ["no escaping of markup", "<%= 'a&b' %>", "a&b"],
])("%s", (_what, template, expected) => expect(run(template)).toBe(expected));

test("every function of a Go template has its name here", () => {
  const names = [...functionTable().keys(), ...Object.keys(builtins), "Tag", "tag"];
  expect(names.length).toBeGreaterThan(200);
  expect(
    run(`<%= ${JSON.stringify(names)}.filter((name) => typeof fn[name] !== "function").join() %>.`),
  ).toBe(".");
});

test("an error names the image, the file, the line and the reason", () => {
  expect(failure("a\n\n<%= upper(1) %>")).toBe(
    "input Cannot map docker.io/konstin2/maturin:v1.0.1 with template x.eta: line 3: wrong type for value; expected string; got int",
  );
  expect(failure("<% if ( %>")).toStartWith("input Cannot read template x.eta: its code does not parse");
  expect(failure("<%= 1")).toStartWith("input Cannot read template x.eta: unclosed tag");
});

describe("a template reaches nothing of the process:", () => {
  test.each([
    "process",
    "Bun",
    "require",
    "module",
    "console",
    "fetch",
    "setTimeout",
    "Promise",
    "ShadowRealm",
    "SharedArrayBuffer",
  ])("%s is not there", (name) => expect(run(`<%= typeof ${name} %>`)).toBe("undefined"));

  test.each([
    ["this", "this.constructor.constructor('return process')()"],
    ["it", "it.constructor.constructor('return process')()"],
    ["a function of ours", "upper.constructor('return process')()"],
    ["globalThis", "globalThis.constructor.constructor('return process')()"],
    ["eval", "eval('process')"],
    ["a generator", "(function*(){}).constructor('yield process')().next()"],
  ])("code cannot be made from text by way of %s", (_way, code) => {
    expect(failure(`<%= ${code} %>`)).toContain("Code generation from strings disallowed");
  });

  test.each(["import('node:fs')", "import.meta", "(async () => 1)()", "await 1"])("%s is refused", (code) => {
    expect(failure(`<% ${code} %>`)).toContain("is not there");
  });

  test("call sites, which are objects of the outside, are not handed in", () => {
    expect(
      run(
        "<% try { Error.prepareStackTrace = (_e, sites) => sites } catch {} %><%= typeof new Error().stack %>",
      ),
    ).toBe("string");
    expect(
      run(
        "<% class X extends Error {} X.prepareStackTrace = (_e, sites) => sites %><%= typeof new X().stack %>",
      ),
    ).toBe("string");
  });

  test("errors are of the inside, also when our functions fail or the stack is used up", () => {
    const inside = "error instanceof Error && error.constructor.constructor === Function";
    expect(run(`<% try { upper(1) } catch (error) { %><%= ${inside} %><% } %>`)).toBe("true");
    expect(run(`<% try { fn.fail("x") } catch (error) { %><%= ${inside} %><% } %>`)).toBe("true");
    const deep =
      "function f() { try { return f() } catch { try { return upper('x') } catch (error) { return String(" +
      inside +
      ") } } }";
    expect(run(`<% ${deep} %><%= f() %>`)).toMatch(/^(true|X)$/);
  });

  test("no object that can be reached from the global one has a constructor of the outside", () => {
    const walk = `
      const seen = new Set(), found = [];
      const visit = (value, path) => {
        if ((typeof value !== "object" && typeof value !== "function") || value === null || seen.has(value)) return;
        seen.add(value);
        const owner = value.constructor;
        if (typeof owner === "function" && !(owner instanceof Function)) found.push(path);
        for (const key of Reflect.ownKeys(value)) {
          let property;
          try { property = Reflect.getOwnPropertyDescriptor(value, key) } catch { continue }
          for (const part of ["value", "get", "set"]) visit(property?.[part], path + "." + String(key));
        }
        visit(Object.getPrototypeOf(value), path + ".__proto__");
      };
      visit(globalThis, "globalThis"); visit(it, "it"); visit(this, "this");`;
    expect(run(`<% ${walk} %><%= found.join() %>|<%= seen.size > 500 %>`)).toBe("|true");
  });

  test("a template that closes its function early does not get at the bridge", () => {
    const early =
      "} catch {} }); globalThis.seen = typeof call + typeof names + typeof decode; (function () { try {";
    expect(failure(`<% ${early} %>`)).not.toContain("functionobject");
  });

  test("no other template is included", () => {
    expect(failure("<%~ include('/etc/passwd') %>")).toContain("no other templates to include");
  });
});

describe("a template does not hold up the run:", () => {
  test.each([
    ["an endless loop", "while (true) {}"],
    ["a loop that catches", "for (;;) try { while (true) {} } catch {}"],
    ["a loop in a conversion to text", "throw { toString() { while (true) {} } }"],
    ["lists without end", "const all = []; while (true) all.push(new Array(1000).fill(1))"],
    // The engine gives a single match up by itself, on a fast machine before the time is over.
    ["a pattern that backtracks", "for (;;) /^(a+)+$/.test('a'.repeat(60) + 'b')"],
  ])("%s is stopped", (_what, code) => {
    const started = performance.now();
    expect(failure(`<% ${code} %>`)).toContain("timed out");
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test.each([
    ["repeat", "'x'.repeat(1e9)"],
    ["padStart", "'x'.padStart(1e9)"],
    ["join", "new Array(1e9).join('x')"],
    ["our own repeat", "repeat(1e9, 'x')"],
    ["doubling", "(() => { let s = 'x'; for (;;) s += s })()"],
    [
      "more output than anybody reads",
      "(() => { let s = 'x'; for (let i = 0; i < 25; i++) s += s; return s })()",
    ],
  ])("%s makes no text that fills the memory", (_what, code) => {
    expect(failure(`<%= ${code} %>`)).toMatch(/more than \d+|memory/i);
  });

  test("the next image is mapped after one that failed", () => {
    const mapper = etaMapper("x.eta", "<% if (it.Size === 1) while (true) {} %>a.io/b:<%= it.Size %>");
    expect(() => mapper.destinations({ ...image, size: 1 }, "a")).toThrow("timed out");
    expect(mapper.destinations(image, "b")).toEqual(["a.io/b:1024"]);
  });
});
