/** The functions that write and read JSON. */
import { type Budget, MAX_NESTING } from "../budget.ts";
import { GoError } from "../go/go-error.ts";
import { type Json, parseJson } from "../go/parse-json.ts";
import { defineWithBudget } from "../values/define.ts";
import { bool, dict, float64, list, nil, str } from "../values/make.ts";
import type { Value } from "../values/model.ts";
import { encodeJson, type JsonStyle } from "./encode-json.ts";

const compact: JsonStyle = { escapeHtml: true, pretty: false, goDepthOfCheck: 1000 };
const pretty: JsonStyle = { escapeHtml: true, pretty: true, goDepthOfCheck: 1000 };
const raw: JsonStyle = { escapeHtml: false, pretty: false, goDepthOfCheck: 999 };

export const jsonFunctions = [
  defineWithBudget("toJson", "func(any) string", (budget, value) =>
    orEmpty(() => encodeJson(budget, value, compact)),
  ),
  defineWithBudget("mustToJson", "func(any) (string, error)", (budget, value) =>
    encodeJson(budget, value, compact),
  ),
  defineWithBudget("toPrettyJson", "func(any) string", (budget, value) =>
    orEmpty(() => encodeJson(budget, value, pretty)),
  ),
  defineWithBudget("mustToPrettyJson", "func(any) (string, error)", (budget, value) =>
    encodeJson(budget, value, pretty),
  ),
  defineWithBudget("toRawJson", "func(any) string", (budget, value) => encodeJson(budget, value, raw)),
  defineWithBudget("mustToRawJson", "func(any) (string, error)", (budget, value) =>
    encodeJson(budget, value, raw),
  ),
  defineWithBudget("fromJson", "func(string) any", (budget, text) => readOrNil(budget, text)),
  defineWithBudget("mustFromJson", "func(string) (any, error)", (budget, text) => {
    const { value, fault } = parseJson(text, MAX_NESTING);
    if (fault !== undefined) throw fault;
    return toValue(budget, value);
  }),
];

function orEmpty(encode: () => string): string {
  try {
    return encode();
  } catch (error) {
    if (error instanceof GoError) return "";
    throw error;
  }
}

function readOrNil(budget: Budget, text: string): Value {
  try {
    return toValue(budget, parseJson(text, MAX_NESTING).value);
  } catch (error) {
    if (error instanceof GoError) return nil;
    throw error;
  }
}

function toValue(budget: Budget, json: Json): Value {
  budget.steps();
  if (json === null) return nil;
  if (typeof json === "boolean") return bool(json);
  if (typeof json === "number") return float64(json);
  if (typeof json === "string") return str(json);
  if (Array.isArray(json)) {
    budget.list(json.length);
    return list(json.map((each) => toValue(budget, each)));
  }
  budget.list(json.size);
  return dict(new Map([...json].map(([key, each]) => [key, toValue(budget, each)])));
}
