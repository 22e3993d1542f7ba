// First in, first out, at a constant cost whatever its length; an array's own shift and a Map's first key both grow dear.

export type Queue<T> = {
  push(item: T): void;
  /** Takes the oldest. */
  shift(): T | undefined;
  /** The oldest, which stays. */
  peek(): T | undefined;
  /** The item at a place, 0 being the oldest. */
  at(place: number): T | undefined;
  /** Drops what is not wanted any more, in one pass. */
  keep(isWanted: (item: T) => boolean): void;
  readonly size: number;
};

/** Taken places are given back once so many have gathered. */
const COMPACT_AT = 1_024;

export function createQueue<T>(): Queue<T> {
  let items: T[] = [];
  let head = 0;
  return {
    push: (item) => void items.push(item),
    shift() {
      const item = items[head];
      if (head >= items.length) return undefined;
      head += 1;
      if (head >= COMPACT_AT && head * 2 >= items.length) {
        items = items.slice(head);
        head = 0;
      } else {
        // What was taken may be forgotten at once.
        items[head - 1] = undefined as T;
      }
      return item;
    },
    peek: () => items[head],
    at: (place) => items[head + place],
    keep(isWanted) {
      items = items.slice(head).filter(isWanted);
      head = 0;
    },
    get size() {
      return items.length - head;
    },
  };
}
