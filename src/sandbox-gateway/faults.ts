// Faults on order in the API's answers: what goes wrong, for whom, how often.

import { randomUUID } from "node:crypto";
import type { FaultInput } from "./control-shapes.ts";

export type ApiRoute = NonNullable<FaultInput["route"]>;

/** What happens to one request: `latencyMs` before its answer leaves, and at most one fault of another kind. */
export type Strike = { latencyMs: number; fault?: FaultInput };

export type FaultBook = {
  add(input: FaultInput): string;
  /** Without an id all of them. */
  remove(id?: string): void;
  strike(token: string, route: ApiRoute): Strike | undefined;
};

type Ordered = { input: FaultInput; left: number; seen: number };

/** `random` decides about faults with a `probability`. */
export function createFaultBook(random: () => number): FaultBook {
  const faults = new Map<string, Ordered>();

  function fires(id: string, fault: Ordered): boolean {
    fault.seen += 1;
    const { every = 1, probability } = fault.input;
    if (fault.seen % every !== 0) return false;
    if (probability !== undefined && random() >= probability) return false;
    fault.left -= 1;
    if (fault.left <= 0) faults.delete(id);
    return true;
  }

  return {
    add(input) {
      const id = randomUUID();
      faults.set(id, { input, left: input.times ?? Number.POSITIVE_INFINITY, seen: 0 });
      return id;
    },
    remove(id) {
      if (id === undefined) faults.clear();
      else faults.delete(id);
    },
    strike(token, route) {
      if (faults.size === 0) return undefined;
      const strike: Strike = { latencyMs: 0 };
      for (const [id, fault] of faults) {
        const { input } = fault;
        const concerns = (input.token ?? token) === token && (input.route ?? route) === route;
        if (!concerns || (input.kind !== "latency" && strike.fault) || !fires(id, fault)) continue;
        if (input.kind === "latency") strike.latencyMs += input.ms ?? 0;
        else strike.fault = input;
      }
      return strike;
    },
  };
}
