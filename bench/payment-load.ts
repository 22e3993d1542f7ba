// The payment benchmark's generator as the benchmark sees it: a process that takes one order at a time.

import path from "node:path";
import { CommandError } from "#src/kernel/errors.ts";
import type { Driven, DriveOrder } from "./drive.ts";
import type { Load } from "./load.ts";
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
/** What an order may take beyond the time that it drives. */
const BEYOND_MS = 30_000;

export function startPaymentLoad(): PaymentLoad {
  let answered: ((report: PaymentReport) => void) | undefined;
  const child = Bun.spawn([process.execPath, path.join(import.meta.dir, "payment-generator.ts")], {
    stdio: ["ignore", "inherit", "inherit"],
    serialization: "advanced",
    ipc: (report: PaymentReport) => answered?.(report),
  });
  let clock: PaymentClock = { aheadMs: 0, withinMs: Number.POSITIVE_INFINITY, wallAheadMs: 0 };
  let nextChat = FIRST_CHAT;

  async function ask<Kind extends PaymentReport["kind"]>(order: PaymentOrder, kind: Kind, ms: number) {
    const { promise, resolve } = Promise.withResolvers<PaymentReport>();
    answered = resolve;
    const late = setTimeout(() => resolve({ kind: "failed", reason: "no answer in time" }), ms);
    void child.exited.then(() => resolve({ kind: "failed", reason: "the generator's process ended" }));
    child.send(order);
    const report = await promise;
    clearTimeout(late);
    if (report.kind === kind) return report as PaymentReport & { kind: Kind };
    throw new CommandError(`The generator failed: ${report.kind === "failed" ? report.reason : report.kind}`);
  }

  async function driven(order: Extract<PaymentOrder, { order: DriveOrder }>): Promise<Driven> {
    return (await ask(order, "driven", order.order.seconds * 1_000 + BEYOND_MS)).driven;
  }

  return {
    pid: child.pid,
    async aim(target) {
      await ask({ kind: "aim", ...target }, "aimed", BEYOND_MS);
    },
    async setClock(fakeUrl, token) {
      const { aheadMs, withinMs, wallAheadMs } = await ask({ kind: "clock", fakeUrl, token }, "clock", BEYOND_MS);
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
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}
