/**
 * Reads the command line as the original's library (pflag) does and hands it on in the one form that oclif cannot misread:
 * `--flag=value ... -- arguments`. So global flags may stand before the command, `-rq` is `-r -q`, `--strict=false` and a
 * repeated flag work, and `-` and file names that look like flags stay arguments.
 */
import { AceError } from "../errors.ts";
import { verbosityOf } from "./verbosity.ts";

/** What has to be known of a flag. */
export interface FlagShape {
  type: "boolean" | "option";
  char?: string | undefined;
  multiple?: boolean | undefined;
}

/** Flags by name, for every command by its id (`mirror:gather`). */
export type CommandShapes = Readonly<Record<string, Readonly<Record<string, FlagShape>>>>;

/** A command line, understood. */
export interface CommandLine {
  /** The command, a topic (`mirror`), or empty. */
  id: string;
  help: boolean;
  /** For oclif. */
  argv: string[];
}

/**
 * Understands a command line.
 * @throws AceError `usage` for an unknown command, or a flag with no value or a strange one
 */
export function readArguments(argv: readonly string[], shapes: CommandShapes): CommandLine {
  const { id, rest } = findCommand(argv, shapes);
  const flags = new FlagList(shapes[id] ?? allFlags(shapes));
  const words: string[] = [];
  for (let index = 0; index < rest.length; index += 1) {
    const token = rest[index] ?? "";
    if (token === "--") {
      words.push(...rest.slice(index + 1));
      break;
    }
    if (isFlag(token)) index += flags.take(token, rest[index + 1]);
    else words.push(token);
  }
  if (shapes[id] === undefined && words.length > 0 && !flags.help) throw unknownCommand(id, words, shapes);
  return { id, help: flags.help, argv: [...flags.written(), ...(words.length > 0 ? ["--", ...words] : [])] };
}

/** Takes the words that name the command out of the line, wherever global flags stand. */
function findCommand(argv: readonly string[], shapes: CommandShapes): { id: string; rest: string[] } {
  const ids = Object.keys(shapes);
  const all = allFlags(shapes);
  const rest: string[] = [];
  let id = "";
  for (let index = 0; index < argv.length; index += 1) {
    const token = argv[index] ?? "";
    if (token === "--" || shapes[id] !== undefined) return { id, rest: [...rest, ...argv.slice(index)] };
    if (isFlag(token)) {
      const used = new FlagList(all).take(token, argv[index + 1]);
      rest.push(...argv.slice(index, index + used + 1));
      index += used;
      continue;
    }
    const longer = id === "" ? token : `${id}:${token}`;
    if (!ids.some((known) => known === longer || known.startsWith(`${longer}:`))) {
      return { id, rest: [...rest, ...argv.slice(index)] };
    }
    id = longer;
  }
  return { id, rest };
}

function allFlags(shapes: CommandShapes): Readonly<Record<string, FlagShape>> {
  return Object.assign({}, ...Object.values(shapes));
}

function isFlag(token: string): boolean {
  return token.startsWith("-") && token !== "-";
}

function unknownCommand(id: string, words: readonly string[], shapes: CommandShapes): AceError {
  const topic = id.replaceAll(":", " ");
  const below = Object.keys(shapes)
    .filter((known) => id === "" || known.startsWith(`${id}:`))
    .map((known) => known.replaceAll(":", " "));
  return new AceError(
    "usage",
    `Cannot run ${JSON.stringify([topic, words[0]].filter((word) => word !== "").join(" "))}: there is no such command`,
    { hint: `There are ${below.join(", ")}.` },
  );
}

/** The flags of one line, in the form in which they are passed on. */
class FlagList {
  help = false;
  readonly #shapes: Readonly<Record<string, FlagShape>>;
  readonly #found: { name: string; text: string }[] = [];

  constructor(shapes: Readonly<Record<string, FlagShape>>) {
    this.#shapes = shapes;
  }

  written(): string[] {
    return this.#found.map((flag) => flag.text);
  }

  /** Takes one token; returns how many of the following ones it used (0 or 1). */
  take(token: string, next: string | undefined): number {
    return token.startsWith("--") ? this.#takeLong(token, next) : this.#takeShort(token, next);
  }

  #takeLong(token: string, next: string | undefined): number {
    const equals = token.indexOf("=");
    const name = token.slice(2, equals < 0 ? undefined : equals);
    return this.#takeNamed(name, token, equals < 0 ? undefined : token.slice(equals + 1), next);
  }

  #takeShort(token: string, next: string | undefined): number {
    for (let at = 1; at < token.length; at += 1) {
      const char = token[at] ?? "";
      const name =
        char === "h" ? "help" : Object.keys(this.#shapes).find((key) => this.#shapes[key]?.char === char);
      const attached = token.slice(at + 1);
      if (name === undefined) {
        this.#found.push({ name: "", text: `-${char}` });
        return 0;
      }
      if (this.#shapes[name]?.type === "option" || attached.startsWith("=")) {
        const value = attached === "" ? undefined : attached.replace(/^=/, "");
        return this.#takeNamed(name, token, value, next);
      }
      this.#takeNamed(name, token, undefined, undefined);
    }
    return 0;
  }

  #takeNamed(name: string, token: string, value: string | undefined, next: string | undefined): number {
    const shape = Object.hasOwn(this.#shapes, name) ? this.#shapes[name] : undefined;
    if (name === "help") this.help ||= value === undefined || isTrue(value, token);
    else if (shape === undefined)
      this.#found.push({ name: "", text: value === undefined ? token : `--${name}` });
    else if (shape.type === "boolean") {
      if (value === undefined || isTrue(value, token)) this.#put(name, `--${name}`, shape);
      else this.#drop(name);
    } else if (value !== undefined) this.#put(name, `--${name}=${value}`, shape);
    else if (name === "verbosity" && (next === undefined || verbosityOf(next) === undefined)) {
      // The original takes -v alone, and only -v=LEVEL has a value; we take "-v debug" too, as nobody has a file of that name.
      this.#put(name, `--${name}=warn`, shape);
    } else if (next === undefined) {
      throw new AceError("usage", `Cannot use --${name}: it wants a value`);
    } else {
      this.#put(name, `--${name}=${next}`, shape);
      return 1;
    }
    return 0;
  }

  /** Of a flag that takes one value the last wins. */
  #put(name: string, text: string, shape: FlagShape): void {
    if (shape.multiple !== true) this.#drop(name);
    this.#found.push({ name, text });
  }

  #drop(name: string): void {
    const kept = this.#found.filter((flag) => flag.name !== name);
    this.#found.splice(0, this.#found.length, ...kept);
  }
}

/** Go's strconv.ParseBool, which reads boolean flags in the original. */
function isTrue(value: string, token: string): boolean {
  if (/^(1|t|true)$/i.test(value)) return true;
  if (/^(0|f|false)$/i.test(value)) return false;
  throw new AceError("usage", `Cannot use ${JSON.stringify(token)}: want true or false behind the =`);
}
