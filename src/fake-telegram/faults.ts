// Faults on order: what a test wants to go wrong, for whom, how often.

import { randomUUID } from "node:crypto";
import { ApiFailure, badRequest, tooManyRequests } from "./api-failure.ts";
import type { FaultInput } from "./control-shapes.ts";

/** What happens to one call: `latencyMs` before its answer leaves, and at most one fault of another kind. */
export type Strike = { latencyMs: number; fault?: FaultInput };

export type FaultBook = {
  add(input: FaultInput): string;
  /** Without an id all of them. */
  remove(id?: string): void;
  strike(token: string, method: string, chatId: number | string | null): Strike | undefined;
};

/** `random` gives numbers in [0, 1); it decides about faults with a `probability`. */
export function createFaultBook(random: () => number): FaultBook {
  const faults = new Map<string, { input: FaultInput; left: number }>();

  function fires(fault: { input: FaultInput; left: number }, id: string): boolean {
    if (fault.input.probability !== undefined && random() >= fault.input.probability) return false;
    fault.left -= 1;
    if (fault.left <= 0) faults.delete(id);
    return true;
  }

  return {
    add(input) {
      const id = randomUUID();
      faults.set(id, { input, left: input.times ?? Number.POSITIVE_INFINITY });
      return id;
    },
    remove(id) {
      if (id === undefined) faults.clear();
      else faults.delete(id);
    },
    strike(token, method, chatId) {
      if (faults.size === 0) return undefined;
      const strike: Strike = { latencyMs: 0 };
      for (const [id, fault] of faults) {
        const isLatency = fault.input.kind === "latency";
        if (!concerns(fault.input, token, method, chatId) || (!isLatency && strike.fault)) continue;
        if (!fires(fault, id)) continue;
        if (isLatency) strike.latencyMs += fault.input.ms ?? 0;
        else strike.fault = fault.input;
      }
      return strike;
    },
  };
}

function concerns(fault: FaultInput, token: string, method: string, chatId: number | string | null): boolean {
  if (fault.token !== undefined && fault.token !== token) return false;
  if (fault.method !== undefined && fault.method.toLowerCase() !== method.toLowerCase()) return false;
  return fault.chat_id === undefined || fault.chat_id === chatId;
}

/** The refusal that a fault asks for; undefined for those that cut, delay or hold the connection. */
export function failureOf(fault: FaultInput, chatId: number | string | null): ApiFailure | undefined {
  const { description } = fault;
  if (fault.kind === "429") return tooManyRequests(fault.retry_after ?? 1);
  if (fault.kind === "5xx") return new ApiFailure(502, description ?? "Bad Gateway");
  if (fault.kind === "403") return new ApiFailure(403, description ?? "Forbidden: bot was blocked by the user");
  if (fault.kind === "401") return new ApiFailure(401, description ?? "Unauthorized");
  if (fault.kind === "400") return description ? new ApiFailure(400, description) : badRequest("refused on order");
  if (fault.kind !== "migrate") return undefined;
  const to = fault.migrate_to_chat_id ?? Number(`-100${Math.abs(Number(chatId)) || 1}`);
  const sentence = description ?? "Bad Request: group chat was upgraded to a supergroup chat";
  return new ApiFailure(400, sentence, { migrate_to_chat_id: to });
}
