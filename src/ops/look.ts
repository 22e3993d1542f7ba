// What a look at one condition says, and the few words that all of them use.

/**
 * Something is wrong. `things`: what it is about, by stable names, the first of them (bots, queues, orders; none where there is only one such
 * thing); `total`: how many those are in all; `sentence`: what is wrong, with the figures, for the operator.
 */
export type Trouble = { things: string[]; total: number; sentence: string };

/** unknown: it could not be seen now, so what was known of it stays. */
export type Seen = Trouble | "fine" | "unknown";

/** Things of one trouble that are kept by name: what is beyond only counts. */
export const MOST_THINGS = 50;
/** Things that a sentence names. */
const NAMED = 5;

/** A trouble about these things, or none; `sentence` is given the first few of their names. */
export function troubleWith<Thing>(
  found: readonly Thing[],
  nameOf: (thing: Thing) => string,
  sentence: (named: string, total: number) => string,
  total = found.length,
  shownAs: (thing: Thing) => string = nameOf,
): Seen {
  if (found.length === 0) return "fine";
  const rest = total - Math.min(found.length, NAMED);
  const named = found.slice(0, NAMED).map(shownAs).join(", ") + (rest > 0 ? ` e mais ${rest}` : "");
  return { things: found.slice(0, MOST_THINGS).map(nameOf), total, sentence: sentence(named, total) };
}

/** "1 pedido", "3 pedidos". */
export const counted = (count: number, one: string, more: string): string => `${count} ${count === 1 ? one : more}`;

/** "25 s", "4 min", "1 h 10 min", "3 dias". */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours >= 72) return `${Math.floor(hours / 24)} dias`;
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}

/** "4,2%". */
export const percentText = (share: number): string => `${(share * 100).toFixed(1).replace(".", ",")}%`;
