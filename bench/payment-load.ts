// The payment benchmark's generator as the benchmark sees it: a process that takes one order at a time.

import type { Driven, DriveOrder } from "./drive.ts";
import type { Load } from "./load.ts";
import { BEYOND_MS, startGenerator } from "./orders.ts";
import type { Notifying, Paying, PaymentClock, PaymentOrder, PaymentReport } from "./payment-generator.ts";
import type { ShopBot } from "./payment-requests.ts";

type Pace = Omit<DriveOrder, "firstChat">;

/** `drive`: new buyers tap the buy button, each once. What is paid and told is counted by arrival, from chat 0. */
export type PaymentLoad = Omit<Load, "aim" | "clock"> & {
  aim(target: { url: string; bots: ShopBot[]; connections: number }): Promise<void>;
  clock(): PaymentClock;
  /** The chat of the next buyer; those after him follow without a gap. */
  nextChat(): number;
  pay(paying: Paying, pace: Pace): Promise<Driven>;
  notify(notifying: Notifying, pace: Pace): Promise<Driven>;
};

const FIRST_CHAT = 6_000_000_000;

export function startPaymentLoad(): PaymentLoad {
  const generator = startGenerator<PaymentOrder, PaymentReport>("payment-generator.ts");
  let clock: PaymentClock = { aheadMs: 0, withinMs: Number.POSITIVE_INFINITY, wallAheadMs: 0 };
  let nextChat = FIRST_CHAT;

  async function driven(order: Extract<PaymentOrder, { order: DriveOrder }>): Promise<Driven> {
    return (await generator.ask(order, "driven", order.order.seconds * 1_000 + BEYOND_MS)).driven;
  }

  return {
    pid: generator.pid,
    async aim(target) {
      await generator.ask({ kind: "aim", ...target }, "aimed", BEYOND_MS);
    },
    async setClock(fakeUrl, token) {
      const told = await generator.ask({ kind: "clock", fakeUrl, token }, "clock", BEYOND_MS);
      const { aheadMs, withinMs, wallAheadMs } = told;
      clock = { aheadMs, withinMs, wallAheadMs };
    },
    clock: () => clock,
    nextChat: () => nextChat,
    async drive(pace) {
      const tapped = await driven({ kind: "tap", order: { ...pace, firstChat: nextChat } });
      nextChat += tapped.dueMs.length;
      return tapped;
    },
    pay: (paying, pace) => driven({ kind: "pay", paying, order: { ...pace, firstChat: 0 } }),
    notify: (notifying, pace) => driven({ kind: "notify", notifying, order: { ...pace, firstChat: 0 } }),
    [Symbol.asyncDispose]: generator[Symbol.asyncDispose],
  };
}
