// The search for the highest rate that is held: upwards in steps, then between the highest that was held and the lowest that was not.

export type Tried = { perSecond: number; held: boolean };

/** `first`: where it begins. `growth`: factor of a step. `precision`: how close the two ends come. `misses`: so often a rate is tried before it counts as missed. */
export type Search = { first: number; growth: number; precision: number; misses: number };

const LEAST = 1;

/** The rate to be tried next; undefined once the highest is known. */
export function nextRate(tried: readonly Tried[], { first, growth, precision, misses }: Search): number | undefined {
  const held = highestHeld(tried);
  const above = tried.filter((one) => !one.held && one.perSecond > held).map((one) => one.perSecond);
  if (above.length === 0) return held === 0 ? first : Math.round(held * growth);
  const missed = Math.min(...above);
  if (above.filter((rate) => rate === missed).length < misses) return missed;
  if (held === 0) return missed / growth < LEAST ? undefined : Math.round(missed / growth);
  const between = Math.round(Math.sqrt(held * missed));
  return missed / held <= precision || between === held || between === missed ? undefined : between;
}

/** 0 = none was held. */
export function highestHeld(tried: readonly Tried[]): number {
  return Math.max(0, ...tried.filter((one) => one.held).map((one) => one.perSecond));
}
