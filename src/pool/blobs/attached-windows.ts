/** The windows that a blob worker sees: the memory of each comes once, however many jobs are about it. */
import { AceError } from "../../errors.ts";
import { IncomingWindow } from "../../tape/window/incoming-window.ts";
import { OutgoingWindow } from "../../tape/window/outgoing-window.ts";
import type { Window, WindowHandle } from "../../tape/window/window.ts";

/** Jobs are about the newest; those of archives before it would keep their memory. */
const mostWindows = 2;

const classes = { outgoing: OutgoingWindow, incoming: IncomingWindow } as const;

export class AttachedWindows {
  readonly #ask: (id: number) => Promise<WindowHandle>;
  /** By number, the newest last. */
  readonly #asked = new Map<number, Promise<void>>();
  readonly #windows = new Map<number, Window>();

  /** @param ask resolves with the memory of the window of a number */
  constructor(ask: (id: number) => Promise<WindowHandle>) {
    this.#ask = ask;
  }

  /** Resolves when {@link get} has the window. */
  attach(id: number): Promise<void> {
    const asked = this.#asked.get(id) ?? this.#attach(id);
    this.#asked.set(id, asked);
    return asked;
  }

  /** The same object each time. */
  get(id: number): Window {
    const window = this.#windows.get(id);
    if (window === undefined) throw new AceError("internal", `Cannot use window ${id}: it is not attached`);
    return window;
  }

  async #attach(id: number): Promise<void> {
    try {
      const handle = await this.#ask(id);
      this.#windows.set(id, new classes[handle.kind](handle));
    } catch (error) {
      this.#asked.delete(id);
      throw error;
    }
    for (const old of this.#windows.keys()) {
      if (this.#windows.size <= mostWindows) return;
      this.#windows.delete(old);
      this.#asked.delete(old);
    }
  }
}
