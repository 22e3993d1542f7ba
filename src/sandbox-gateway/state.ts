// The world of the sandbox: merchants, charges, movements, notices and faults. Everything lives in memory and is gone with it.

import { type Charges, createCharges } from "./charges.ts";
import type { MerchantInput } from "./control-shapes.ts";
import { createFaultBook, type FaultBook } from "./faults.ts";
import { createMerchants, type Merchants } from "./merchant.ts";
import { createNotices, type DeliverySettings, type Notices } from "./notices.ts";
import { seededRandom } from "./random.ts";
import { createStatement, type Statement } from "./statement.ts";
import { createTimers, type Timers } from "./timers.ts";

/** How much is kept of each. */
export type Bounds = { charges: number; movements: number; notices: number };

export type World = {
  delivery: DeliverySettings;
  merchants: Merchants;
  charges: Charges;
  statement: Statement;
  notices: Notices;
  faults: FaultBook;
  timers: Timers;
  /** Made again after every reset. */
  firstMerchant: MerchantInput | undefined;
};

export function createWorld(options: {
  seed: number;
  nowMs: () => number;
  bounds: Bounds;
  delivery: DeliverySettings;
  firstMerchant: MerchantInput | undefined;
}): World {
  const { seed, nowMs, bounds, delivery, firstMerchant } = options;
  const timers = createTimers();
  const world: World = {
    delivery,
    merchants: createMerchants(seed, nowMs),
    charges: createCharges(bounds.charges),
    statement: createStatement(bounds.movements),
    notices: createNotices(delivery, bounds.notices, timers),
    faults: createFaultBook(seededRandom(seed)),
    timers,
    firstMerchant,
  };
  if (firstMerchant) world.merchants.put(firstMerchant);
  return world;
}

/** Forgets everything but the delivery settings; nothing that was under way goes on. */
export function resetWorld(world: World): void {
  world.timers.clear();
  world.notices.clear();
  world.faults.remove();
  world.statement.clear();
  world.charges.clear();
  world.merchants.clear();
  if (world.firstMerchant) world.merchants.put(world.firstMerchant);
}
