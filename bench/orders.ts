// The line between a benchmark and its generator, which is a process of its own: one order at a time, and the report of what came of it.

import path from "node:path";
import { CommandError } from "#src/kernel/errors.ts";

/** What a generator reports when an order broke off. */
export type Failed = { kind: "failed"; reason: string };

type Kinded = { kind: string; reason?: string };

/** A generator as its benchmark sees it. */
export type Generator<Order, Report extends Kinded> = {
  pid: number;
  /** The report of this kind; rejects with CommandError when there is another one, or none within `ms`. */
  ask<Kind extends Report["kind"]>(order: Order, kind: Kind, ms: number): Promise<Report & { kind: Kind }>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** What an order may take beyond the time that it drives. */
export const BEYOND_MS = 30_000;

/** Starts the generator of this file beside us; it ends with us, also when we are killed. */
export function startGenerator<Order, Report extends Kinded>(file: string): Generator<Order, Report> {
  let answered: ((report: Kinded) => void) | undefined;
  const child = Bun.spawn([process.execPath, path.join(import.meta.dir, file)], {
    stdio: ["ignore", "inherit", "inherit"],
    serialization: "advanced",
    ipc: (report: Kinded) => answered?.(report),
  });
  return {
    pid: child.pid,
    async ask(order, kind, ms) {
      const { promise, resolve } = Promise.withResolvers<Kinded>();
      answered = resolve;
      const late = setTimeout(() => resolve({ kind: "failed", reason: "no answer in time" }), ms);
      void child.exited.then(() => resolve({ kind: "failed", reason: "the generator's process ended" }));
      child.send(order);
      const report = await promise;
      clearTimeout(late);
      if (report.kind === kind) return report as Report & { kind: typeof kind };
      throw new CommandError(`The generator failed: ${report.reason ?? report.kind}`);
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

/** In the generator's own process: reports on each order, and ends with who started it. */
export function obeyOrders<Order, Report extends Kinded>(obey: (order: Order) => Promise<Report>): void {
  process.on("message", (order: Order) => {
    obey(order).then(
      (report) => process.send?.(report),
      (error) => process.send?.({ kind: "failed", reason: Bun.inspect(error) } satisfies Failed),
    );
  });
  process.on("disconnect", () => process.exit(0));
}
