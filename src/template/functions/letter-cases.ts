/** Functions that change letters: upper and lower case, word cases, initials, order. */
import {
  deleteSpaces,
  initials,
  lowerCase,
  swapCase,
  titleCase,
  uncapitalize,
  upperCase,
} from "../go/cases.ts";
import { encodeRunes, runesOf } from "../go/utf8.ts";
import { joinWords, pascalCase } from "../go/words.ts";
import { define } from "../values/define.ts";

const text = "func(string) string";

/** Cases, initials, spaces, shuffle. */
export const letterCaseFunctions = [
  define("upper", text, upperCase),
  define("lower", text, lowerCase),
  define("title", text, titleCase),
  define("untitle", text, uncapitalize),
  define("swapcase", text, swapCase),
  define("initials", text, initials),
  define("nospace", text, deleteSpaces),
  define("snakecase", text, (subject) => joinWords(subject, "_")),
  define("kebabcase", text, (subject) => joinWords(subject, "-")),
  define("camelcase", text, pascalCase),
  define("shuffle", text, shuffle),
];

/** The characters in an order that differs each time, as in Go. */
function shuffle(subject: string): string {
  const runes = runesOf(subject);
  for (let last = runes.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    const [a, b] = [runes[last], runes[other]];
    if (a === undefined || b === undefined) break;
    runes[last] = b;
    runes[other] = a;
  }
  return encodeRunes(runes);
}
