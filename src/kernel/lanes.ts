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

export type Gate<Key> = {
  /** Runs `work` when there is a place for its key and one in all; the others wait in order. */
  pass<Value>(key: Key, work: () => Promise<Value>): Promise<Value>;
  /** Works that wait for a place of this key. */
  waiting(key: Key): number;
};

type Places = { free: number; queue: (() => void)[] };

/** At most `perKey` works of one key at a time, and `inAll` together: one key that hangs leaves places for the others. */
export function openGate<Key>(perKey: number, inAll: number): Gate<Key> {
  const all: Places = { free: inAll, queue: [] };
  const keys = new Map<Key, Places>();
  return {
    async pass(key, work) {
      const own = keys.get(key) ?? { free: perKey, queue: [] };
      keys.set(key, own);
      await take(own);
      await take(all);
      try {
        return await work();
      } finally {
        give(all);
        give(own);
        if (own.free === perKey) keys.delete(key);
      }
    },
    waiting: (key) => keys.get(key)?.queue.length ?? 0,
  };
}

function take(places: Places): Promise<void> | undefined {
  if (places.free === 0) return new Promise((resolve) => places.queue.push(resolve));
  places.free -= 1;
  return undefined;
}

function give(places: Places): void {
  const next = places.queue.shift();
  if (next) next();
  else places.free += 1;
}
