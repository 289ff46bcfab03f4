/** Rows as a table for people: as wide as it needs where lines may be long, fitted to the width of a terminal otherwise. */

/** One fact of every row, for the table and for the machine-readable forms (csv.ts, json.ts beside this). */
export interface Column<Row> {
  /** Name in CSV and JSON. */
  key: string;
  /** Heading of the table; the key in capitals when left out. */
  title?: string;
  /** For CSV and JSON; null is an empty CSV field. */
  value: (row: Row) => string | number | boolean | null;
  /** For people; the value when left out. */
  text?: (row: Row) => string;
  /** A shorter text, used when the whole table is too wide. */
  short?: (row: Row) => string;
  /** Numbers stand at the right. */
  right?: boolean;
  /** References and sentences: when the table is too wide these stand one below the other in one column, and are broken. */
  long?: boolean;
}

/** Between two columns. */
const gap = "  ";
/** How far the second and further lines of a stacked or broken cell are moved in. */
const indent = "  ";
/** Narrower than this a broken column helps nobody; the line is then longer than the terminal. Columns. */
const narrowest = 16;

/** A column ready to be laid out. */
interface Lane {
  title: string;
  right: boolean;
  long: boolean;
  /** A cell is lines. */
  cells: string[][];
}

/**
 * Lays a table out: a line of headings, then the rows. No blanks at line ends, no line break at the end.
 * @param width of the terminal in columns; undefined when lines may be as long as they need, one a row
 */
export function formatTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width?: number | undefined,
): string {
  const full = lanesOf(columns, rows, (column) => column.text);
  if (width === undefined || widthOf(full) <= width) return layOut(full);
  const short = lanesOf(columns, rows, (column) => column.short ?? column.text);
  return layOut(widthOf(short) <= width ? short : fit(stack(short), width));
}

function lanesOf<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  textOf: (column: Column<Row>) => ((row: Row) => string) | undefined,
): Lane[] {
  return columns.map((column) => ({
    title: column.title ?? column.key.toUpperCase(),
    right: column.right ?? false,
    long: column.long ?? false,
    // A line break from outside would tear the row apart.
    cells: rows.map((row) => [(textOf(column)?.(row) ?? `${column.value(row) ?? ""}`).replace(/\s+/g, " ")]),
  }));
}

function laneWidth({ title, cells }: Lane): number {
  return cells.reduce((most, cell) => Math.max(most, ...cell.map((line) => line.length)), title.length);
}

function widthOf(lanes: readonly Lane[]): number {
  return lanes.reduce((sum, lane) => sum + laneWidth(lane), gap.length * (lanes.length - 1));
}

/** All long columns as one, at the place of the first: one value a line. */
function stack(lanes: readonly Lane[]): Lane[] {
  const long = lanes.filter((lane) => lane.long);
  const [first] = long;
  if (first === undefined || long.length === 1) return [...lanes];
  const stacked: Lane = {
    title: long.map(({ title }) => title).join(" / "),
    right: false,
    long: true,
    cells: first.cells.map((_, row) =>
      long
        .map((lane) => lane.cells[row]?.[0] ?? "")
        .filter((text, at) => at === 0 || text !== "")
        .map((text, at) => (at === 0 ? text : indent + text)),
    ),
  };
  return lanes.flatMap((lane) => (lane === first ? [stacked] : lane.long ? [] : [lane]));
}

/** Breaks the long column so that the table is no wider than the terminal. */
function fit(lanes: readonly Lane[], width: number): Lane[] {
  return lanes.map((lane) => {
    if (!lane.long) return lane;
    const room = Math.max(narrowest, width - (widthOf(lanes) - laneWidth(lane)));
    return { ...lane, cells: lane.cells.map((cell) => cell.flatMap((line) => breakLine(line, room))) };
  });
}

/** Breaks behind the last `/`, `@` or blank that fits, else just where the room ends. */
function breakLine(line: string, room: number): string[] {
  const lead = /^ */.exec(line)?.[0] ?? "";
  const lines: string[] = [];
  let rest = line;
  while (rest.length > room) {
    const head = rest.slice(0, room);
    const at = /^(.*[/@ ])[^/@ ]*$/.exec(head)?.[1]?.length ?? 0;
    const end = at > room / 2 ? at : room;
    lines.push(rest.slice(0, end));
    rest = `${lead}${indent}${rest.slice(end)}`;
  }
  return [...lines, rest];
}

function layOut(lanes: readonly Lane[]): string {
  const widths = lanes.map(laneWidth);
  const write = (cells: readonly string[]) =>
    cells
      .map((text, at) => (lanes[at]?.right ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0)))
      .join(gap)
      .trimEnd();
  const height = (row: number) => Math.max(1, ...lanes.map((lane) => lane.cells[row]?.length ?? 0));
  const rows = lanes[0]?.cells.map((_, row) =>
    Array.from({ length: height(row) }, (_line, at) =>
      write(lanes.map((lane) => lane.cells[row]?.[at] ?? "")),
    ).join("\n"),
  );
  return [write(lanes.map(({ title }) => title)), ...(rows ?? [])].join("\n");
}
