/**
 * Windows under random interleavings: actors take turns in a seeded order, with few slots and little room, and say late and twice what
 * they said before. After each turn a window must say what a model of it says, and at the end every byte has passed, in order.
 */
import { expect, test } from "bun:test";
import { IncomingWindow } from "../../../src/tape/window/incoming-window.ts";
import { OutgoingWindow } from "../../../src/tape/window/outgoing-window.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";

const seeds = 2500;

/** mulberry32: small, and the same everywhere. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const content = seededBytes("interleavings", 4096);

/** What a segment is in truth. */
interface Truth {
  segment: number;
  start: number;
  end: number;
  /** Done before it. */
  done: number;
}

/** How far all segments are done without a gap. */
function prefixOf(truths: readonly Truth[], start: number): number {
  let prefix = start;
  for (const { done, end } of truths) {
    prefix = done;
    if (done < end) break;
  }
  return prefix;
}

/** Lengths of segments, empty and huge ones among them, and where the archive begins in its address space. */
function layoutOf(random: (below: number) => number, capacity: number) {
  const start = random(3) === 0 ? 0 : random(1000) * 2 ** 30;
  const lengths = Array.from({ length: 1 + random(14) }, () => {
    const kind = random(6);
    return kind === 0 ? 0 : kind === 1 ? capacity + random(capacity * 2) : 1 + random(capacity);
  });
  return { start, lengths, total: start + lengths.reduce((sum, length) => sum + length, 0) };
}

/** Lets one of the actors that can do something do it, until none can. */
function takeTurns(actors: readonly (() => boolean)[], random: (below: number) => number): void {
  // A look alone can free a slot for somebody who was asked before.
  for (let turns = 0, idle = 0; idle < 2; turns++) {
    const order = actors.map((actor) => ({ actor, key: random(1 << 20) })).sort((a, b) => a.key - b.key);
    idle = order.some(({ actor }) => actor()) ? 0 : idle + 1;
    if (turns > 100_000) throw new Error("they go on for ever");
  }
}

const bytesAt = (start: number, from: number, to: number) => {
  const bytes = new Uint8Array(to - from);
  for (let at = from; at < to; at++) bytes[at - from] = content[(at - start) % content.length] ?? 0;
  return bytes;
};

function runOutgoing(seed: number): void {
  const random = randomOf(seed);
  const capacity = 8 + random(60);
  const { start, lengths, total } = layoutOf(random, capacity);
  const window = OutgoingWindow.create(capacity, { slots: 1 + random(4), start });
  const truths: Truth[] = [];
  const drained: number[] = [];
  let next = start;
  let seen = start;
  const append = () => {
    const length = lengths[truths.length];
    if (length === undefined) return false;
    const segment = window.append(next, next + length);
    if (segment === undefined) return false;
    truths.push({ segment, start: next, end: next + length, done: next });
    next += length;
    if (truths.length === lengths.length) window.setEnd(next);
    return true;
  };
  const fill = () => {
    const open = truths.filter(({ done, end }) => done < end && window.hasRoom(done + 1));
    const truth = open[random(Math.max(1, open.length))];
    if (truth === undefined) return false;
    const room = Math.min(truth.end, window.drained + capacity) - truth.done;
    const to = truth.done + 1 + random(room);
    window.write(truth.done, bytesAt(start, truth.done, to));
    window.fill(truth.segment, to, random(2) === 0);
    truth.done = to;
    return true;
  };
  // Whatever was said once may be said again, however late: of segments that are retired, and whose slots have others, too.
  const repeat = () => {
    const truth = truths[random(Math.max(1, truths.length))];
    if (truth === undefined || random(3) > 0) return false;
    const position = truth.start + random(truth.done - truth.start + 1);
    window.fill(truth.segment, position);
    window.receive(truth.segment, position);
    return false;
  };
  const drain = () => {
    const filled = window.filled();
    if (filled !== prefixOf(truths, start))
      throw new Error(`filled ${filled}, in truth ${prefixOf(truths, start)}`);
    if (filled < seen) throw new Error(`went back from ${seen} to ${filled}`);
    seen = filled;
    if (filled === window.drained) return false;
    const to = window.drained + 1 + random(filled - window.drained);
    drained.push(...window.copy(window.drained, to - window.drained));
    window.drain(to);
    return true;
  };
  takeTurns([append, fill, fill, repeat, drain], random);
  expect(window.drained).toBe(total);
  expect(window.end).toBe(total);
  expect(Buffer.from(drained).equals(bytesAt(start, start, total))).toBe(true);
}

function runIncoming(seed: number): void {
  const random = randomOf(seed);
  const capacity = 8 + random(60);
  const { start, lengths, total } = layoutOf(random, capacity);
  const window = IncomingWindow.create(capacity, { slots: 1 + random(4), start });
  const truths: Truth[] = [];
  let next = start;
  const read = () => {
    const room = Math.min(window.room(), total - window.arrived);
    if (window.lastReleased !== prefixOf(truths, start)) throw new Error("released what was not");
    if (room === 0) return false;
    const { arrived } = window;
    window.arrive(bytesAt(start, arrived, arrived + 1 + random(room)));
    if (window.arrived === total) window.setEnd(total);
    return true;
  };
  const claim = () => {
    const length = lengths[truths.length];
    if (length === undefined) return false;
    const segment = window.append(next, next + length);
    if (segment === undefined) return false;
    truths.push({ segment, start: next, end: next + length, done: next });
    next += length;
    return true;
  };
  const use = () => {
    const open = truths.filter(({ done, end }) => done < end && done < window.arrived);
    const truth = open[random(Math.max(1, open.length))];
    if (truth === undefined) return false;
    const to = truth.done + 1 + random(Math.min(truth.end, window.arrived) - truth.done);
    const bytes = window.copy(truth.done, to - truth.done);
    if (!Buffer.from(bytes).equals(bytesAt(start, truth.done, to)))
      throw new Error(`byte ${truth.done} is wrong`);
    window.release(truth.segment, to);
    truth.done = to;
    return true;
  };
  const repeat = () => {
    const truth = truths[random(Math.max(1, truths.length))];
    if (truth !== undefined)
      window.release(truth.segment, truth.start + random(truth.done - truth.start + 1));
    return false;
  };
  takeTurns([read, claim, use, use, repeat], random);
  expect(window.arrived).toBe(total);
  expect(window.released()).toBe(total);
}

for (const [name, run] of [
  ["an outgoing window", runOutgoing],
  ["an incoming window", runIncoming],
] as const) {
  test(`${name} under ${seeds} random interleavings loses nothing, shows nothing early and never goes back`, () => {
    for (let seed = 1; seed <= seeds; seed++) {
      try {
        run(seed);
      } catch (cause) {
        throw new Error(`seed ${seed}: ${cause instanceof Error ? cause.message : cause}`, { cause });
      }
    }
  });
}
