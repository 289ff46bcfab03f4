/** Lists cut and put together by their elements, as sprig does it with reflection. */
import type { Budget } from "../budget.ts";
import { GoError, GoPanic, nilDereference } from "../go/go-error.ts";
import { elements, list, nil, nilSlice, subslice } from "../values/make.ts";
import type { SliceValue, Value } from "../values/model.ts";
import { isTrue } from "../values/truth.ts";
import { anySliceType } from "../values/types.ts";
import { kindOf } from "../values/value.ts";
import { toInt64 } from "./cast.ts";
import { deepEqual } from "./deep-equal.ts";

/** The list, or the error that begins with `complaint` and ends with the kind of what is none. */
function asSlice(value: Value, complaint: string): SliceValue {
  if (value.kind === "slice") return value;
  throw value.kind === "nil" ? new GoPanic(nilDereference) : new GoError(`${complaint} ${kindOf(value)}`);
}

/** A new list with the value at its end. @throws GoError for what is no list */
export function appendTo(budget: Budget, to: Value, value: Value): Value[] {
  const before = asSlice(to, "Cannot push on type");
  budget.list(before.length + 1);
  return [...elements(before), value];
}

/** A new list with the value at its start. @throws GoError for what is no list */
export function prependTo(budget: Budget, to: Value, value: Value): Value[] {
  const before = asSlice(to, "Cannot prepend on type");
  budget.list(before.length + 1);
  return [value, ...elements(before)];
}

/** The first element, nil of an empty list. @throws GoError for what is no list */
export function firstOf(value: Value): Value {
  const slice = asSlice(value, "Cannot find first on type");
  return slice.length === 0 ? nil : (slice.backing[slice.offset] ?? nil);
}

/** The last element, nil of an empty list. @throws GoError for what is no list */
export function lastOf(value: Value): Value {
  const slice = asSlice(value, "Cannot find last on type");
  return slice.length === 0 ? nil : (slice.backing[slice.offset + slice.length - 1] ?? nil);
}

/** All but the first element, a nil list of an empty one. @throws GoError for what is no list */
export function restOf(value: Value): Value {
  const slice = asSlice(value, "Cannot find rest on type");
  return slice.length === 0 ? nilSlice() : list(elements(slice).slice(1));
}

/** All but the last element, a nil list of an empty one. @throws GoError for what is no list */
export function initialOf(value: Value): Value {
  const slice = asSlice(value, "Cannot find initial on type");
  return slice.length === 0 ? nilSlice() : list(elements(slice).slice(0, -1));
}

/** The elements from the last to the first. @throws GoError for what is no list */
export function reverseList(value: Value): Value[] {
  return [...elements(asSlice(value, "Cannot find reverse on type"))].reverse();
}

/** The elements that are not empty. @throws GoError for what is no list */
export function compactList(budget: Budget, value: Value): Value[] {
  const slice = asSlice(value, "Cannot compact on type");
  budget.steps(slice.length);
  return elements(slice).filter(isTrue);
}

/** Each element once, compared with its type. @throws GoError for what is no list */
export function uniqueOf(budget: Budget, value: Value): Value[] {
  const kept: Value[] = [];
  for (const each of elements(asSlice(value, "Cannot find uniq on type"))) {
    if (!isAmong(budget, kept, each)) kept.push(each);
  }
  return kept;
}

/** The elements that are none of the omitted ones. @throws GoError for what is no list */
export function without(budget: Budget, value: Value, ...omitted: Value[]): Value[] {
  const slice = asSlice(value, "Cannot find without on type");
  budget.steps(slice.length);
  return elements(slice).filter((each) => !isAmong(budget, omitted, each));
}

/** Whether the needle is an element; a nil haystack has none. @throws GoError for what is no list */
export function has(budget: Budget, needle: Value, haystack: Value): boolean {
  if (haystack.kind === "nil") return false;
  const { backing, offset, length } = asSlice(haystack, "Cannot find has on type");
  for (let at = offset; at < offset + length; at++) {
    if (deepEqual(budget, needle, backing[at] ?? nil)) return true;
  }
  return false;
}

function isAmong(budget: Budget, values: readonly Value[], wanted: Value): boolean {
  return values.some((each) => deepEqual(budget, wanted, each));
}

/** `slice LIST FROM TO`: over the same elements. Like in Go the end may lie behind the list's where its array goes on. */
export function sliceList(value: Value, ...bounds: Value[]): Value {
  const slice = asSlice(value, "list should be type of slice or array but");
  if (slice.length === 0) return nil;
  const [from = 0n, to = BigInt(slice.length)] = bounds.slice(0, 2).map(toInt64);
  if (from < 0n || to < from || to > slice.backing.length - slice.offset) {
    throw new GoPanic("reflect.Value.Slice: slice index out of bounds");
  }
  return subslice(slice, Number(from), Number(to));
}

/** All elements of all lists; a nil list when there are none. @throws GoPanic for what is no list */
export function concatLists(budget: Budget, ...values: Value[]): Value {
  const slices = values.map((each) => {
    if (each.kind === "nil") throw new GoPanic(nilDereference);
    if (each.kind !== "slice") throw new GoPanic(`Cannot concat type ${kindOf(each)} as list`);
    return each;
  });
  const length = slices.reduce((sum, each) => sum + each.length, 0);
  budget.list(length);
  return length === 0 ? nilSlice() : list(slices.flatMap((each) => [...elements(each)]));
}

/** Lists of `size` elements each, the last one of what is left; the arithmetic is sprig's, in floats. */
export function chunkList(budget: Budget, size: number, value: Value): Value {
  const all = elements(asSlice(value, "Cannot chunk type"));
  budget.steps(all.length);
  const count = Math.floor((all.length - 1) / size) + 1;
  // Go turns what is no number, or too great a one, into the smallest int
  const chunks = Array.from({ length: checkedLength(count) }, (_, at) => {
    const left = at === count - 1 ? all.length % size : 0;
    const length = checkedLength(left === 0 ? size : left);
    return list(all.slice(at * size, at * size + length));
  });
  return list(chunks, anySliceType);
}

function checkedLength(length: number): number {
  if (!(length >= 0 && Number.isFinite(length)))
    throw new GoPanic("runtime error: makeslice: len out of range");
  return length;
}
