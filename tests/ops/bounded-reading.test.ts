// However many ask, the stores are read once a second; and what does not answer is left out, not waited for.

import { expect, test } from "bun:test";
import { limits } from "#src/kernel/limits.ts";
import { atMostEvery, boundedPart, shareReading } from "#src/ops/bounded-reading.ts";

test("a storm of questions is one reading, and all of them wait for its end", async () => {
  let readings = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const read = atMostEvery(60_000, async () => {
    readings += 1;
    await promise;
  });
  let answered = 0;
  const storm = Array.from({ length: 100 }, () =>
    read().then(() => {
      answered += 1;
    }),
  );
  await Promise.resolve();
  expect([readings, answered]).toEqual([1, 0]);
  resolve();
  await Promise.all(storm);
  await read();
  expect([readings, answered]).toEqual([1, 100]);
});

test("what is old is read again", async () => {
  let readings = 0;
  const read = atMostEvery(0, async () => {
    readings += 1;
  });
  await read();
  await read();
  expect(readings).toBe(2);
});

test("a reading holds as long as its value says, and one that fails for nobody", async () => {
  let readings = 0;
  const read = shareReading(
    async () => {
      readings += 1;
      if (readings === 1) throw new Error("gone");
      return readings;
    },
    (value) => (value < 3 ? 0 : 60_000),
  );
  await expect(Promise.all([read(), read()])).rejects.toThrow("gone");
  expect([await read(), await read(), await read(), await read()]).toEqual([2, 3, 3, 3]);
});

test("a part that hangs is told to be away in time, and not begun a second time", async () => {
  let begun = 0;
  let away = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const part = boundedPart(
    () => {
      begun += 1;
      return promise;
    },
    () => {
      away += 1;
    },
  );
  const beganMs = performance.now();
  await Promise.all([part(), part()]);
  expect(performance.now() - beganMs).toBeLessThan(limits.gaugePartMs + 1_000);
  expect([begun, away]).toEqual([1, 2]);
  resolve();
  await part();
  expect([begun, away]).toEqual([1, 2]);
});

test("a part that fails is away, and begun again when it is asked for again", async () => {
  const errors: unknown[] = [];
  let begun = 0;
  const part = boundedPart(
    async () => {
      begun += 1;
      if (begun === 1) throw new Error("gone");
    },
    (error) => errors.push(error),
  );
  await part();
  await part();
  expect([begun, errors.length]).toEqual([2, 1]);
});
