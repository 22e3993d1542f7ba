// The generator as the benchmark sees it: a process that takes one order at a time.

import path from "node:path";
import { CommandError } from "#src/kernel/errors.ts";
import type { Driven, DriveOrder } from "./drive.ts";
import type { Order, Report } from "./generator.ts";
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
/** What an order may take beyond the time that it drives. */
const BEYOND_MS = 30_000;

export function startLoad(): Load {
  let answered: ((report: Report) => void) | undefined;
  const child = Bun.spawn([process.execPath, path.join(import.meta.dir, "generator.ts")], {
    stdio: ["ignore", "inherit", "inherit"],
    serialization: "advanced",
    ipc: (report: Report) => answered?.(report),
  });
  let clock = { aheadMs: 0, withinMs: Number.POSITIVE_INFINITY };
  let nextChat = FIRST_CHAT;

  async function ask<Kind extends Report["kind"]>(order: Order, kind: Kind, ms: number) {
    const { promise, resolve } = Promise.withResolvers<Report>();
    answered = resolve;
    const late = setTimeout(() => resolve({ kind: "failed", reason: "no answer in time" }), ms);
    void child.exited.then(() => resolve({ kind: "failed", reason: "the generator's process ended" }));
    child.send(order);
    const report = await promise;
    clearTimeout(late);
    if (report.kind === kind) return report as Report & { kind: Kind };
    throw new CommandError(`The generator failed: ${report.kind === "failed" ? report.reason : report.kind}`);
  }

  return {
    pid: child.pid,
    async aim(target) {
      await ask({ kind: "aim", ...target }, "aimed", BEYOND_MS);
    },
    async setClock(fakeUrl, token) {
      const { aheadMs, withinMs } = await ask({ kind: "clock", fakeUrl, token }, "clock", BEYOND_MS);
      clock = { aheadMs, withinMs };
    },
    clock: () => clock,
    async drive(order) {
      const firstChat = nextChat;
      const { driven } = await ask({ kind: "drive", ...order, firstChat }, "driven", order.seconds * 1_000 + BEYOND_MS);
      nextChat += driven.dueMs.length;
      return driven;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}
