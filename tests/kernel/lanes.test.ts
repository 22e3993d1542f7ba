// Lanes: order within a key, keys in parallel; and the gate, where a key that hangs leaves places for the others.

import { expect, test } from "bun:test";
import fc from "fast-check";
import { openGate, openLanes } from "#src/kernel/lanes.ts";

const turn = (): Promise<unknown> => new Promise(setImmediate);

/** Lanes whose items run until the test ends them by name. */
function openHeld() {
  const running = new Map<string, () => void>();
  const begun: string[] = [];
  const lanes = openLanes<string>(async (item) => {
    begun.push(item);
    await new Promise<void>((resolve) => running.set(item, resolve));
    return 0;
  });
  return {
    ...{ lanes, begun },
    async end(item: string) {
      running.get(item)?.();
      await turn();
    },
  };
}

test("items of one key run one after the other, keys beside each other", async () => {
  const { lanes, begun, end } = openHeld();
  lanes.add("alice", ["a1", "a2"]);
  lanes.add("bob", ["b1"]);
  lanes.add("alice", ["a3"]);
  expect(begun).toEqual(["a1", "b1"]);
  expect(lanes.size()).toBe(4);
  await end("b1");
  expect(lanes.busy("bob")).toBe(false);
  expect(lanes.busy("alice")).toBe(true);
  await end("a1");
  await end("a2");
  expect(begun).toEqual(["a1", "b1", "a2", "a3"]);
  await end("a3");
  await lanes.idle();
  expect([lanes.size(), lanes.busy("alice")]).toEqual([0, false]);
});

test("what an item has dealt with behind it does not run", async () => {
  const seen: [string, readonly string[]][] = [];
  const lanes = openLanes<string>(async (item, behind) => {
    seen.push([item, behind]);
    return item === "a" ? 2 : 0;
  });
  lanes.add("alice", ["a", "b", "c", "d"]);
  await lanes.idle();
  expect(seen).toEqual([
    ["a", ["b", "c", "d"]],
    ["d", []],
  ]);
  expect(lanes.size()).toBe(0);
});

test("nothing added is nothing to wait for", async () => {
  const { lanes } = openHeld();
  lanes.add("alice", []);
  await lanes.idle();
  expect([lanes.size(), lanes.busy("alice")]).toEqual([0, false]);
});

test("whatever is added in whatever order, each key's items run once and in order", async () => {
  const adds = fc.array(fc.tuple(fc.constantFrom("alice", "bob", "carol"), fc.integer({ min: 0, max: 3 })), {
    maxLength: 30,
  });
  await fc.assert(
    fc.asyncProperty(adds, async (adds) => {
      const ran = new Map<string, number[]>();
      const lanes = openLanes<{ key: string; number: number }>(async ({ key, number }) => {
        await Promise.resolve();
        ran.set(key, [...(ran.get(key) ?? []), number]);
        return 0;
      });
      const added = new Map<string, number[]>();
      let next = 0;
      for (const [key, count] of adds) {
        const numbers = Array.from({ length: count }, () => next++);
        added.set(key, [...(added.get(key) ?? []), ...numbers]);
        lanes.add(
          key,
          numbers.map((number) => ({ key, number })),
        );
        if (count === 3) await turn();
      }
      await lanes.idle();
      for (const [key, numbers] of added) expect(ran.get(key) ?? []).toEqual(numbers);
      expect(lanes.size()).toBe(0);
    }),
    { numRuns: 50 },
  );
});

test("the gate lets so many of a key in, and a key that hangs keeps no place of another", async () => {
  const gate = openGate<string>(2, 3);
  const inside: string[] = [];
  const ends = new Map<string, () => void>();
  const enter = (name: string, key: string) =>
    gate.pass(key, async () => {
      inside.push(name);
      await new Promise<void>((resolve) => ends.set(name, resolve));
      return name;
    });
  const all = [
    enter("a1", "alice"),
    enter("a2", "alice"),
    enter("a3", "alice"),
    enter("b1", "bob"),
    enter("b2", "bob"),
  ];
  await turn();
  expect(inside).toEqual(["a1", "a2", "b1"]);
  expect([gate.waiting("alice"), gate.waiting("carol")]).toEqual([1, 0]);
  ends.get("b1")?.();
  await turn();
  expect(inside).toEqual(["a1", "a2", "b1", "b2"]);
  ends.get("a1")?.();
  await turn();
  expect(inside.at(-1)).toBe("a3");
  for (const end of ends.values()) end();
  expect(await Promise.all(all)).toEqual(["a1", "a2", "a3", "b1", "b2"]);
});

test("work that throws gives its place back", async () => {
  const gate = openGate<string>(1, 1);
  const failed = gate.pass("alice", () => Promise.reject(new Error("no")));
  const next = gate.pass("alice", async () => "in");
  await expect(failed).rejects.toThrow("no");
  expect(await next).toBe("in");
});
