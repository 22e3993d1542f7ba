// Natural batching: one batch at a time, in order, bounded, and a batch that fails takes nobody else with it.

import { expect, test } from "bun:test";
import { batch } from "#src/kernel/batch.ts";
import { RejectedError } from "#src/kernel/errors.ts";

/** A batcher whose batches end when the test lets them: `batches` as they were begun, `finish` ends the oldest one under way. */
function openHeld(options: { maxItems: number; maxWaiting?: number; secondFrom?: number }) {
  const batches: string[][] = [];
  const underWay: PromiseWithResolvers<string[]>[] = [];
  const batcher = batch<string, string>({
    ...options,
    run(items) {
      batches.push(items);
      const end = Promise.withResolvers<string[]>();
      underWay.push(end);
      return end.promise;
    },
  });
  return {
    ...{ batcher, batches },
    /** Lets the batch under way succeed, or fail with `error`. */
    async finish(error?: Error) {
      const end = underWay.shift();
      if (error) end?.reject(error);
      else end?.resolve(batches.at(-1)?.map((item) => `${item}!`) ?? []);
      await new Promise(setImmediate);
    },
    started: () => new Promise(setImmediate),
  };
}

test("at rest an item is a batch of its own, at once", async () => {
  const { batcher, batches, started, finish } = openHeld({ maxItems: 10 });
  const alice = batcher.add("alice");
  await started();
  expect(batches).toEqual([["alice"]]);
  await finish();
  expect(await alice).toBe("alice!");
});

test("items of one turn share a batch; what arrives while it is on its way forms the next one", async () => {
  const { batcher, batches, started, finish } = openHeld({ maxItems: 10 });
  const first = ["a", "b"].map(batcher.add);
  await started();
  const second = ["c", "d", "e"].map(batcher.add);
  await started();
  expect(batches).toEqual([["a", "b"]]);
  expect(batcher.waiting()).toBe(3);
  await finish();
  expect(batches).toEqual([
    ["a", "b"],
    ["c", "d", "e"],
  ]);
  expect(batcher.waiting()).toBe(0);
  await finish();
  expect(await Promise.all([...first, ...second])).toEqual(["a!", "b!", "c!", "d!", "e!"]);
});

test("a batch holds at most maxItems, in order of arrival", async () => {
  const seen: number[][] = [];
  const batcher = batch<number, number>({
    maxItems: 3,
    run: async (items) => {
      seen.push(items);
      return items.map((item) => item * 2);
    },
  });
  const results = await Promise.all([1, 2, 3, 4, 5, 6, 7].map(batcher.add));
  expect(seen).toEqual([[1, 2, 3], [4, 5, 6], [7]]);
  expect(results).toEqual([2, 4, 6, 8, 10, 12, 14]);
});

test("beyond maxWaiting an item is refused with 503 and a time to come back, and the waiting ones are not harmed", async () => {
  const { batcher, started, finish } = openHeld({ maxItems: 2, maxWaiting: 2 });
  const running = ["a", "b"].map(batcher.add);
  await started();
  const waiting = ["c", "d"].map(batcher.add);
  const refusal = await batcher.add("e").catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(RejectedError);
  expect(refusal).toMatchObject({ status: 503, retryAfterSeconds: expect.any(Number) });
  await finish();
  await finish();
  expect(await Promise.all([...running, ...waiting])).toEqual(["a!", "b!", "c!", "d!"]);
});

test("a batch that fails fails its own items only", async () => {
  const { batcher, started, finish } = openHeld({ maxItems: 2 });
  const doomed = Promise.allSettled(["a", "b"].map(batcher.add));
  await started();
  const spared = batcher.add("c");
  await finish(new Error("the disk is full"));
  expect(await doomed).toMatchObject([
    { status: "rejected", reason: { message: "the disk is full" } },
    { status: "rejected", reason: { message: "the disk is full" } },
  ]);
  await finish();
  expect(await spared).toBe("c!");
});

test("idle resolves once nothing waits and nothing is under way, not before", async () => {
  const { batcher, started, finish } = openHeld({ maxItems: 1 });
  await batcher.idle();
  const items = Promise.all(["a", "b"].map(batcher.add));
  let isIdle = false;
  const idle = batcher.idle().then(() => {
    isIdle = true;
  });
  await started();
  await finish();
  expect(isIdle).toBe(false);
  await finish();
  await Promise.all([items, idle]);
  expect(isIdle).toBe(true);
});

test("while enough wait, a second batch runs beside the first, and never a third", async () => {
  const { batcher, batches, started } = openHeld({ maxItems: 2, secondFrom: 2 });
  void batcher.add("a");
  await started();
  void batcher.add("b");
  await started();
  expect(batches).toEqual([["a"]]);
  for (const item of ["c", "d", "e", "f"]) void batcher.add(item);
  await started();
  expect(batches).toEqual([["a"], ["b", "c"]]);
  expect(batcher.waiting()).toBe(3);
});
