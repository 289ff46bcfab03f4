/** Which image goes where is decided, and contradictions are found, before anything is pushed. */
import { describe, expect, test } from "bun:test";
import { planScatter, type ScatterRules, throwRefusals } from "../../src/copy/plan-scatter.ts";
import { AceError } from "../../src/errors.ts";
import type { GatherEntry } from "../../src/gather/resolve-source.ts";
import { parseSelectors } from "../../src/lists/selector.ts";
import type { Mapper } from "../../src/mapping/mapper.ts";
import { sourceDigest } from "../../src/oci/annotations.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { entryOf } from "../mirror/gather-entries.ts";
import { imageOf } from "../support/images.ts";

function entry(source: string, seed: string, labels?: Record<string, string>): GatherEntry {
  const made = entryOf(source, imageOf({ seed }));
  if (labels === undefined) return made;
  const annotations = {
    ...made.descriptor.annotations,
    "data.act3-ace.io/labels": JSON.stringify(labels),
  };
  return { ...made, descriptor: { ...made.descriptor, annotations } };
}

const entries = [
  entry("reg.example.com/a:1", "a", { tier: "web" }),
  entry("reg.example.com/b:1", "b", { tier: "base" }),
  entry("reg.example.com/c:1", "a"),
];

function rules(
  destinations: (source: string) => readonly string[],
  more: Partial<ScatterRules> = {},
): ScatterRules {
  const mapper: Mapper = { kind: "test", destinations: (_, source) => destinations(source) };
  return { mapper, selector: () => true, subset: undefined, ...more };
}

const below = (source: string) => [`high.example.com/${source}`];

describe("planScatter()", () => {
  test("gives every image to every one of its destinations", () => {
    const { routes } = planScatter(
      entries,
      rules((source) => [`x.example.com/${source}`, `y.example.com/${source}`]),
    );
    expect(routes.map(({ destination }) => destination)).toEqual(
      entries.flatMap((_, at) =>
        ["x", "y"].map((host) => `${host}.example.com/reg.example.com/${"abc"[at]}:1`),
      ),
    );
    expect(routes[0]?.target).toMatchObject({
      registry: "x.example.com",
      repository: "reg.example.com/a",
      tag: "1",
    });
  });

  test("takes only what the selector and the subset take, and says what the subset names in vain", () => {
    const selector = parseSelectors(["tier=web", "tier=base"]);
    expect(planScatter(entries, rules(below, { selector })).routes).toHaveLength(2);
    const subset = new Set(["reg.example.com/b:1", "reg.example.com/none:1"]);
    const plan = planScatter(entries, rules(below, { subset }));
    expect(plan.routes.map(({ entry: { reference } }) => reference)).toEqual(["reg.example.com/b:1"]);
    expect(plan.absent).toEqual(["reg.example.com/none:1"]);
  });

  test("an image without a destination is said, and no error", () => {
    const plan = planScatter(
      entries,
      rules((source) => (source.includes("/b:") ? [] : below(source))),
    );
    expect(plan.unmatched).toEqual(["reg.example.com/b:1"]);
    expect(plan.routes).toHaveLength(2);
  });

  test("of two different images under one tag the second is refused; the same image twice is not", () => {
    const { routes, refused } = planScatter(
      entries,
      rules(() => ["high.example.com/all:1"]),
    );
    // The first and the third are the same image.
    expect(routes.map(({ entry: { reference } }) => reference)).toEqual([
      "reg.example.com/a:1",
      "reg.example.com/c:1",
    ]);
    expect(refused.map(({ entry: { reference }, error }) => [reference, error.message])).toEqual([
      ["reg.example.com/b:1", "reg.example.com/a:1 goes there too, and is another image"],
    ]);
  });

  test("two platforms of one source under one tag are refused, with the way out", () => {
    const two = [entry("reg.example.com/a:1", "a"), entry("reg.example.com/a:1", "b")];
    const { refused } = planScatter(two, rules(below));
    expect(refused).toHaveLength(1);
    expect(thrown(() => throwRefusals(refused, "clone"))).toMatchObject({
      code: "input",
      hint: { kind: "keep-platforms-together" },
    });
  });

  test("a destination with a digest must be the image's own", () => {
    const digest = entries[0]?.descriptor.digest;
    const own = `high.example.com/a@${digest}`;
    const chosen = (source: string) => (source.includes("/a:") ? [own] : []);
    expect(planScatter(entries, rules(chosen)).routes[0]?.target.digest).toBe(digest ?? "sha256:0");
    const other = (source: string) => (source.includes("/b:") ? [own] : []);
    const { refused } = planScatter(entries, rules(other));
    expect(refused[0]?.error.message).toBe(`the image's digest is ${entries[1]?.descriptor.digest}`);
  });

  test("a rebuilt index goes under its own digest to where the digest of its source is named", () => {
    const made = entry("reg.example.com/multi:1", "multi");
    const source = digestOf(Buffer.from("source"));
    const annotations = { ...made.descriptor.annotations, [sourceDigest]: source };
    const rebuilt = { ...made, descriptor: { ...made.descriptor, annotations } };
    const to = rules(() => [`high.example.com/multi@${source}`]);
    expect(planScatter([rebuilt], to).routes[0]?.target.digest).toBe(made.descriptor.digest);
    expect(planScatter([made], to).refused).toHaveLength(1);
  });

  test("all destinations that are no references are refused, and the others stay routes", () => {
    const { routes, refused } = planScatter(
      entries,
      rules((source) => (source.includes("/a:") ? below(source) : ["UPPER", `x.example.com/${source}`])),
    );
    expect(routes).toHaveLength(3);
    expect(refused).toHaveLength(2);
    const error = thrown(() => throwRefusals(refused, "scatter"));
    expect(error).toMatchObject({ code: "input" });
    expect(error.message).toContain("Cannot scatter: the mapper makes 2 destinations");
    expect(error.details).toEqual([
      "reg.example.com/b:1 -> UPPER: it has no registry or no repository",
      "reg.example.com/c:1 -> UPPER: it has no registry or no repository",
    ]);
  });

  test("a mapper that fails for one image is asked about the others, and its own words are kept", () => {
    const failing = rules((source) => {
      if (source.includes("/b:")) throw new AceError("input", "Cannot map: x.tmpl:1:3: no such key");
      return below(source);
    });
    const { routes, refused } = planScatter(entries, failing);
    expect(routes).toHaveLength(2);
    const error = thrown(() => throwRefusals(refused, "scatter"));
    expect(error.message).toBe("Cannot map: x.tmpl:1:3: no such key");
    expect(error.details).toEqual(["while mapping reg.example.com/b:1"]);
  });

  test("nothing refused, nothing thrown", () => {
    throwRefusals(planScatter(entries, rules(below)).refused, "scatter");
  });
});

function thrown(work: () => void): AceError {
  try {
    work();
  } catch (error) {
    if (error instanceof AceError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
