// The bounded memory: it never grows past its bound, and forgets what was unused for longest.

import { expect, test } from "bun:test";
import fc from "fast-check";
import { createCache } from "#src/kernel/cache.ts";

test("the least recently used entry goes first; reading counts as use", () => {
  const cache = createCache<string, number>(2);
  cache.set("alice", 1);
  cache.set("bob", 2);
  expect(cache.get("alice")).toBe(1);
  cache.set("carol", 3);
  expect([cache.get("alice"), cache.get("bob"), cache.get("carol")]).toEqual([1, undefined, 3]);
});

test("setting again replaces, and counts as use", () => {
  const cache = createCache<string, number>(2);
  cache.set("alice", 1);
  cache.set("bob", 2);
  cache.set("alice", 3);
  cache.set("carol", 4);
  expect([cache.get("alice"), cache.get("bob"), cache.size]).toEqual([3, undefined, 2]);
});

test("delete and clear forget", () => {
  const cache = createCache<string, number>(3);
  for (const [index, name] of ["alice", "bob", "carol"].entries()) cache.set(name, index);
  cache.delete("alice");
  expect([cache.get("alice"), cache.size]).toEqual([undefined, 2]);
  cache.clear();
  expect([cache.get("bob"), cache.size]).toEqual([undefined, 0]);
});

test("it answers what a map would, as far as it remembers, and stays within its bound", () => {
  const operation = fc.record({
    key: fc.integer({ min: 0, max: 9 }),
    value: fc.option(fc.integer(), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(operation), (bound, operations) => {
      const cache = createCache<number, number>(bound);
      const all = new Map<number, number>();
      for (const { key, value } of operations) {
        if (value === undefined) {
          expect([all.get(key), undefined]).toContain(cache.get(key));
          continue;
        }
        cache.set(key, value);
        all.set(key, value);
        expect(cache.get(key)).toBe(value);
        expect(cache.size).toBeLessThanOrEqual(bound);
      }
    }),
  );
});
