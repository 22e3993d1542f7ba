// The newest N things, numbered from 1 upwards; older ones are forgotten.

export type Ring<T> = {
  /** Keeps the item and answers its number. */
  push(item: T): number;
  /** The kept items whose number is greater than `after`, oldest first. */
  since(after: number): Generator<T>;
  /** Number of the newest item; 0 = none yet. Numbers go on counting after `clear`. */
  last(): number;
  clear(): void;
};

/** `forget` is told of every item that makes room for a newer one. */
export function createRing<T>(capacity: number, forget?: (item: T) => void): Ring<T> {
  let slots: T[] = [];
  let last = 0;
  let clearedAt = 0;
  const slotOf = (number: number) => (number - clearedAt - 1) % capacity;
  return {
    push(item) {
      last += 1;
      const slot = slotOf(last);
      const old = slots[slot];
      slots[slot] = item;
      if (old !== undefined && forget) forget(old);
      return last;
    },
    *since(after) {
      const oldest = Math.max(clearedAt, last - capacity);
      for (let number = Math.max(after, oldest) + 1; number <= last; number++) {
        const item = slots[slotOf(number)];
        if (item !== undefined) yield item;
      }
    },
    last: () => last,
    clear() {
      slots = [];
      clearedAt = last;
    },
  };
}
