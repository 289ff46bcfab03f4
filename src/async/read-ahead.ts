/** Reads many things at a time and gives them out in order. */

/** Read ahead of the one that is looked at, so that the wire is never idle. Most are one manifest. */
const mostAhead = 128;

/**
 * Gives out what is read for each item, in the items' order.
 * @param read returns undefined for what need not be read; called for an item only when its turn is near
 * @throws what `read` rejects with, at that item's turn
 */
export async function* readAhead<Item, Result>(
  items: readonly Item[],
  read: (item: Item) => Promise<Result> | undefined,
): AsyncGenerator<Result, void, undefined> {
  const ahead: Promise<Result>[] = [];
  for (let next = 0; next < items.length || ahead.length > 0; ) {
    for (; next < items.length && ahead.length < mostAhead; next++) {
      const item = items[next];
      const reading = item === undefined ? undefined : read(item);
      if (reading === undefined) continue;
      // It is looked at in its turn; until then its failure is not unhandled.
      reading.catch(() => undefined);
      ahead.push(reading);
    }
    const first = ahead.shift();
    if (first !== undefined) yield await first;
  }
}
