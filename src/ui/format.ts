/** Numbers as people read them, and text as a terminal may safely get it. */

const byteUnits = ["B", "kB", "MB", "GB", "TB", "PB"];

/** Decimal units, three or four digits: `999 B`, `1.50 kB`, `12.3 MB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 999.5 rounds to 1000, which is 1.00 of the next unit.
  while (value >= 999.5 && unit < byteUnits.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${byteUnits[unit]}`;
}

/** `12.3 MB/s`, of a time above 0. */
export function formatRate(bytes: number, seconds: number): string {
  return `${(bytes / 1e6 / seconds).toFixed(1)} MB/s`;
}

/** `0.4 s`, `12.3 s`, `2m05s`, `3h07m`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`;
}

/** Algorithm and twelve digits: what people compare by eye. */
export function shortDigest(digest: string): string {
  return /^[^:]*:.{0,12}/.exec(digest)?.[0] ?? digest;
}

/**
 * Takes the power out of text from outside: control characters, with which a registry's message could move the cursor or
 * retitle the window, become `\xNN`. Newlines and tabs stay.
 */
export function plainText(text: string): string {
  return text.replace(
    /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

/** `text (key=value, key=value)`; newlines are indented so that one message looks like one. */
export function formatLog(
  level: string,
  text: string,
  fields: Readonly<Record<string, unknown>> = {},
): string {
  const facts = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  const tail = facts.length === 0 ? "" : ` (${facts.join(", ")})`;
  return plainText(`${level}: ${text}${tail}`).replaceAll("\n", "\n  ");
}
