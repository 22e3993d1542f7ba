// A message that waits for its next try is not tried earlier because another effect of its row is performed by a queue.

import { expect, test } from "bun:test";
import { untilQuiet } from "../support/quiet.ts";
import { openWorld } from "../support/world.ts";

test("the job for the profile leaves the message that waits alone", async () => {
  await using world = await openWorld();
  const bot = await world.addBot();
  const door = await world.start({ workers: [] });
  await world.fake.control.fault({ kind: "5xx", token: bot.token });
  await bot.write(door, 1, "/start");
  await door.settle();
  expect(await bot.sent(1)).toHaveLength(1);
  const worker = await world.start();
  await untilQuiet(world, door, worker);
  expect(await bot.sent(1)).toHaveLength(1);
}, 60_000);
