// Is Redis there, does it keep what it is given, and has it room?

import { percentText, type Seen } from "./look.ts";
import type { Readings } from "./readings.ts";

const FULL = 0.8;

const megabytes = (bytes: number): string => `${Math.round(bytes / 1_000_000)} MB`;
const one = (sentence: string): Seen => ({ things: [], total: 1, sentence });

export async function redisDown({ redisState }: Readings): Promise<Seen> {
  const state = await redisState();
  return state.answers ? "fine" : one(`O Redis não responde ou não aceita gravações (${state.reason}).`);
}

export async function redisPolicy({ redisState }: Readings): Promise<Seen> {
  const state = await redisState();
  if (!state.answers || state.policy === undefined) return "unknown";
  if (state.policy === "noeviction") return "fine";
  return one(`O Redis pode apagar trabalhos das filas: maxmemory-policy é ${state.policy}, e não noeviction.`);
}

/** Of maxmemory; without one, of the machine's memory. */
export async function redisMemory({ redisState }: Readings): Promise<Seen> {
  const state = await redisState();
  if (!state.answers) return "unknown";
  const { usedBytes, limitBytes } = state;
  if (usedBytes === undefined) return "unknown";
  if (!limitBytes || usedBytes <= limitBytes * FULL) return "fine";
  const share = percentText(usedBytes / limitBytes);
  return one(`O Redis usa ${megabytes(usedBytes)} de ${megabytes(limitBytes)} (${share}).`);
}
