/** Line breaking and shortening as sprig does them (github.com/Masterminds/goutils), counted in bytes. */

/**
 * The lines of goutils.WrapCustom: at most `width` bytes (less than 1 counts as 1), broken at spaces; a longer word is
 * cut where `cutWords`, else it stands out.
 */
export function wrapLines(text: string, width: number, cutWords: boolean): string[] {
  const limit = Math.max(width, 1);
  const lines: string[] = [];
  let at = 0;
  while (text.length - at > limit) {
    if (text.charAt(at) === " ") {
      at++;
      continue;
    }
    const space = breakingSpace(text, at, limit, cutWords);
    if (space === "none") break;
    lines.push(text.slice(at, space ?? at + limit));
    at = space === undefined ? at + limit : space + 1;
  }
  lines.push(text.slice(at));
  return lines;
}

/** The space at which the line from `at` ends; undefined where the word is to be cut, "none" where no break is left. */
function breakingSpace(
  text: string,
  at: number,
  limit: number,
  cutWords: boolean,
): number | undefined | "none" {
  const last = text.slice(at, at + limit + 1).lastIndexOf(" ");
  if (last >= 0) return at + last;
  if (cutWords) return undefined;
  const next = text.indexOf(" ", at + limit);
  return next < 0 ? "none" : next;
}

/** goutils.AbbreviateFull for widths that sprig lets through: at most `width` bytes, with "..." for what is left out. */
export function abbreviate(text: string, offset: number, width: number): string {
  if (text.length <= width) return text;
  const marker = "...";
  const room = width - marker.length;
  const start = Math.min(Math.min(offset, text.length), text.length - room);
  // a left edge within the first four bytes gives nothing away: goutils shortens on the right only
  if (start <= 4) return text.slice(0, room) + marker;
  if (start + room < text.length) return marker + abbreviateTail(text.slice(start), room);
  return marker + text.slice(text.length - room);
}

/** goutils.Abbreviate, which gives nothing below a width of 4. */
function abbreviateTail(text: string, width: number): string {
  return width < 4 ? "" : abbreviate(text, 0, width);
}
