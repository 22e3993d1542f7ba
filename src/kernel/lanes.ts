// Work in order per key, keys in parallel: what waits behind an item of the same key runs after it.

export type Lanes<Item> = {
  /** Appends items to the lane of `key`; they run in order. */
  add(key: string, items: readonly Item[]): void;
  /** Whether something of this key waits or runs. */
  busy(key: string): boolean;
  /** Items waiting or running, in all lanes. */
  size(): number;
  idle(): Promise<void>;
};

/**
 * `run` deals with the first item of a lane; it gets the items behind it and returns how many of those it has dealt with, too (0 as
 * a rule). It must not throw.
 */
export function openLanes<Item>(run: (item: Item, behind: readonly Item[]) => Promise<number>): Lanes<Item> {
  const lanes = new Map<string, Item[]>();
  let size = 0;
  let whenIdle: (() => void)[] = [];

  async function drain(key: string, lane: Item[]): Promise<void> {
    for (let item = lane[0]; item !== undefined; item = lane[0]) {
      const taken = 1 + (await run(item, lane.slice(1)));
      size -= lane.splice(0, taken).length;
    }
    lanes.delete(key);
    if (lanes.size > 0) return;
    for (const resolve of whenIdle) resolve();
    whenIdle = [];
  }

  return {
    add(key, items) {
      size += items.length;
      const lane = lanes.get(key);
      if (lane) {
        lane.push(...items);
        return;
      }
      const started = [...items];
      lanes.set(key, started);
      void drain(key, started);
    },
    busy: (key) => lanes.has(key),
    size: () => size,
    idle: () => (lanes.size === 0 ? Promise.resolve() : new Promise<void>((resolve) => whenIdle.push(resolve))),
  };
}

/** At most `places` at a time; the others wait in order. */
export function createGate(places: number): <Value>(work: () => Promise<Value>) => Promise<Value> {
  let free = places;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
