// The generator as the benchmark sees it: a process that takes one order at a time.

import type { Driven, DriveOrder } from "./drive.ts";
import type { Order, Report } from "./generator.ts";
import { BEYOND_MS, startGenerator } from "./orders.ts";
import type { BenchBot } from "./start-request.ts";

export type Load = {
  pid: number;
  aim(target: { url: string; bots: BenchBot[]; connections: number }): Promise<void>;
  /** Measures how far the clock of the fake is ahead of the generator's. */
  setClock(fakeUrl: string, token: string): Promise<void>;
  clock(): { aheadMs: number; withinMs: number };
  /** Chat ids are given by the generator's counter: no chat ever writes twice. */
  drive(order: Omit<DriveOrder, "firstChat">): Promise<Driven>;
  [Symbol.asyncDispose](): Promise<void>;
};

const FIRST_CHAT = 5_000_000_000;

export function startLoad(): Load {
  const generator = startGenerator<Order, Report>("generator.ts");
  let clock = { aheadMs: 0, withinMs: Number.POSITIVE_INFINITY };
  let nextChat = FIRST_CHAT;

  return {
    pid: generator.pid,
    async aim(target) {
      await generator.ask({ kind: "aim", ...target }, "aimed", BEYOND_MS);
    },
    async setClock(fakeUrl, token) {
      const { aheadMs, withinMs } = await generator.ask({ kind: "clock", fakeUrl, token }, "clock", BEYOND_MS);
      clock = { aheadMs, withinMs };
    },
    clock: () => clock,
    async drive(order) {
      const firstChat = nextChat;
      const ms = order.seconds * 1_000 + BEYOND_MS;
      const { driven } = await generator.ask({ kind: "drive", ...order, firstChat }, "driven", ms);
      nextChat += driven.dueMs.length;
      return driven;
    },
    [Symbol.asyncDispose]: generator[Symbol.asyncDispose],
  };
}
