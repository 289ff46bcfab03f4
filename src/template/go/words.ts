/** Snake, kebab and Pascal case (github.com/huandu/xstrings 1.5), over byte strings. */
import { isConnector, nextWord, type Word } from "./split-words.ts";
import { isUpper, toLower, toUpper } from "./unicode.ts";
import { encodeRune, mapRunes, runesOf } from "./utf8.ts";

/** xstrings.ToSnakeCase with `_`, xstrings.ToKebabCase with `-`. */
export function joinWords(text: string, connector: "_" | "-"): string {
  if (text === "") return "";
  let joined = "";
  let word = nextWord(text);
  const emit = (each: Word) => {
    joined += lowered(each, connector);
  };
  const connect = (unless: readonly Word["kind"][]) => {
    if (!unless.includes(word.kind)) joined += connector;
  };
  const emitRun = () => {
    for (; word.kind === "alphabet" || word.kind === "number"; word = nextWord(word.rest)) emit(word);
    connect(["invalid", "punctuation", "connector"]);
  };
  while (word.rest !== "") {
    if (word.kind !== "connector") emit(word);
    const previous = word;
    word = nextWord(word.rest);
    if (previous.kind === "number") emitRun();
    else if (previous.kind === "connector") emit(previous);
    else if (previous.kind === "punctuation") continue;
    else if (word.kind !== "number") connect(["connector", "punctuation"]);
    else if (word.rest !== "") {
      const number = word;
      word = nextWord(word.rest);
      // Small letters behind the digits: "HTTP2xx" is http_2xx. Else they belong to the word before: "Bld4Floor" is bld4_floor.
      const standsAlone = word.kind === "alphabet";
      if (standsAlone) joined += connector;
      emit(number);
      if (standsAlone) emitRun();
      else connect(["connector", "punctuation"]);
    }
  }
  emit(word);
  return joined;
}

function lowered(word: Word, connector: string): string {
  if (word.kind !== "upper" && word.kind !== "connector") return word.text;
  return mapRunes(word.text, (rune) => {
    if (isConnector(rune)) return connector.charCodeAt(0);
    return isUpper(rune) ? toLower(rune) : rune;
  });
}

/** xstrings.ToPascalCase: words begin with a capital, single connectors go, more of them leave all but one. */
export function pascalCase(text: string): string {
  const runes = runesOf(text);
  const start = runes.findIndex((rune) => !isConnector(rune));
  if (start < 0) return runes.map(encodeRune).join("") + lastConnector(runes);
  let written = runes.slice(0, start).map(encodeRune).join("");
  let previous = toUpper(runes[start] ?? 0);
  let lowersRest = isUpper(runes[start] ?? 0);
  for (const next of runes.slice(start + 1)) {
    let rune = next;
    if (isConnector(next) && isConnector(previous)) written += encodeRune(previous);
    else if (isConnector(previous)) {
      lowersRest = isUpper(next);
      rune = toUpper(next);
    } else {
      if (lowersRest && isUpper(next)) rune = toLower(next);
      else lowersRest = false;
      written += encodeRune(previous);
    }
    previous = rune;
  }
  return written + encodeRune(previous);
}

/** xstrings writes the last connector twice when there is nothing else. */
function lastConnector(runes: readonly number[]): string {
  const last = runes.at(-1);
  return last === undefined ? "" : encodeRune(last);
}
