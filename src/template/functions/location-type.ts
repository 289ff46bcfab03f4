/** The type `*time.Location`: the zone of a time. */
import { local, utc, type Zone, zoneTitle } from "../go/time.ts";
import { method } from "../values/define.ts";
import { int, pointer, str, struct } from "../values/make.ts";
import type { PointerValue, StructValue, Value } from "../values/model.ts";
import { intType, pointerTo, stringType, structType } from "../values/types.ts";
import { numberOf } from "./duration-type.ts";

const locationType = structType(
  "time.Location",
  [
    { name: "name", type: stringType },
    { name: "offset", type: intType },
  ],
  new Map(),
);
/** `*time.Location`. */
export const locationPointerType = pointerTo(
  locationType,
  new Map([["String", method("func() string", (receiver) => zoneTitle(zoneOf(receiver)))]]),
);

/** A zone as `*time.Location`: nil for UTC, unless `isUtcShown`. */
export function locationOf(zone: Zone, isUtcShown: boolean): PointerValue {
  if (zone.kind === "utc" && !isUtcShown) return pointer(locationPointerType, undefined);
  const known = locations.get(zone);
  if (known !== undefined) return known;
  const fields = { name: str(zone.name), offset: int(zone.offset) };
  const location = pointer(locationPointerType, struct(locationType, fields));
  locations.set(zone, location);
  return location;
}

/** One location a zone: two times in it are equal only if they point at the same one. */
const locations = new WeakMap<Zone, PointerValue>();

/** The zone in a `*time.Location`. */
export function zoneOf(value: Value | undefined): Zone {
  if (value?.kind !== "ptr" || value.elem?.kind !== "struct") return utc;
  const name = value.elem.fields.get("name");
  const text = name?.kind === "string" ? name.value : "";
  if (text === local.name) return local;
  return text === utc.name ? utc : { kind: "fixed", name: text, offset: offsetIn(value.elem) };
}

function offsetIn(location: StructValue): number {
  return Number(numberOf(location.fields.get("offset") ?? int(0)));
}
