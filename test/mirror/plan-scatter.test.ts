/** Which image goes where is decided, and contradictions are found, before anything is pushed. */
import { describe, expect, test } from "bun:test";
import { parseSelectors } from "../../src/lists/selector.ts";
import type { Mapper } from "../../src/mapping/mapper.ts";
import { planScatter, type ScatterRules } from "../../src/mirror/plan-scatter.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { imageOf } from "../support/images.ts";

function entry(source: string, seed: string, labels?: Record<string, string>): Descriptor {
  return {
    ...imageOf({ seed }).root,
    annotations: {
      "vnd.act3-ace.manifest.source": source,
      ...(labels === undefined ? {} : { "data.act3-ace.io/labels": JSON.stringify(labels) }),
    },
  };
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
    expect(plan.routes.map(({ source }) => source)).toEqual(["reg.example.com/b:1"]);
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

  test("two different images under one tag are refused; the same image twice is not", () => {
    expect(() =>
      planScatter(
        entries,
        rules(() => ["high.example.com/all:1"]),
      ),
    ).toThrow("contradict");
    const same = planScatter(
      entries,
      rules((source) => (source.includes("/b:") ? [] : ["high.example.com/all:1"])),
    );
    expect(same.routes).toHaveLength(2);
  });

  test("a destination with a digest must be the image's own", () => {
    const [first] = entries;
    const own = `high.example.com/a@${first?.digest}`;
    const chosen = (source: string) => (source.includes("/a:") ? [own] : []);
    expect(planScatter(entries, rules(chosen)).routes[0]?.target.digest).toBe(first?.digest ?? "sha256:0");
    const other = (source: string) => (source.includes("/b:") ? [own] : []);
    expect(() => planScatter(entries, rules(other))).toThrow("contradict");
  });

  test("a destination that is no reference is an input error", () => {
    expect(() =>
      planScatter(
        entries,
        rules(() => ["not a reference"]),
      ),
    ).toThrow();
    try {
      planScatter(
        entries,
        rules(() => ["UPPER"]),
      );
    } catch (error) {
      expect(error).toMatchObject({ code: "input" });
    }
  });
});
