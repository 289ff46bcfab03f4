/** One conversion of a format: its verb, flags, width and precision (package fmt). */
import { runeCount } from "../go/utf8.ts";

/** What stands between `%` and the verb, with the verb. */
export interface Spec {
  /** One character of JS text; `v` for plain printing. */
  verb: string;
  width: number | undefined;
  precision: number | undefined;
  minus: boolean;
  plus: boolean;
  sharp: boolean;
  space: boolean;
  zero: boolean;
  /** `%+v`: struct fields with names. The flag `plus` is off then. */
  plusV: boolean;
  /** `%#v`: Go syntax. The flag `sharp` is off then. */
  sharpV: boolean;
}

/** `%v` without flags. */
export const plain: Spec = {
  verb: "v",
  width: undefined,
  precision: undefined,
  minus: false,
  plus: false,
  sharp: false,
  space: false,
  zero: false,
  plusV: false,
  sharpV: false,
};

/** The text brought to the width, which counts characters; zeros fill on the left only. */
export function pad(text: string, spec: Spec): string {
  if (spec.width === undefined || spec.width === 0) return text;
  const missing = padding(spec.width - runeCount(text), spec);
  return spec.minus ? text + missing : missing + text;
}

/** So many fill characters: zeros where the flags ask for them, else spaces. */
export function padding(count: number, spec: Spec): string {
  return count <= 0 ? "" : (spec.zero && !spec.minus ? "0" : " ").repeat(count);
}
