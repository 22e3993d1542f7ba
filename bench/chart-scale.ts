// Scales of a chart: where a value lies between two pixels, and which values get a tick. Pure.

export type Tick = { value: number; label: string };
export type Scale = { place(value: number): number; ticks: Tick[] };
/** From and to, in pixels; the second may be the smaller one. */
export type Pixels = readonly [from: number, to: number];

const between = ([from, to]: Pixels, share: number): number => from + (to - from) * share;
const labelOf = (value: number): string => value.toLocaleString("en", { maximumFractionDigits: 3 });

/** From nothing to a round number that holds `most`. */
export function linearScale(most: number, pixels: Pixels): Scale {
  const step = most > 0 ? roundStep(most / 5) : 1;
  const count = Math.max(1, Math.ceil(most / step - 1e-9));
  const ticks = Array.from({ length: count + 1 }, (_, n) => tickAt(Number((n * step).toPrecision(12))));
  return { ticks, place: (value) => between(pixels, value / (count * step)) };
}

/** 1, 2 or 5 times a power of ten, at least `wanted`. */
function roundStep(wanted: number): number {
  const power = 10 ** Math.floor(Math.log10(wanted));
  return power * ([1, 2, 5].find((factor) => factor * power >= wanted * (1 - 1e-9)) ?? 10);
}

/** Whole powers of ten around what is shown; needs values above nothing. */
export function logScale(least: number, most: number, pixels: Pixels): Scale {
  const low = Math.floor(Math.log10(least));
  const high = Math.max(low + 1, Math.ceil(Math.log10(most)));
  const ticks = Array.from({ length: high - low + 1 }, (_, n) => tickAt(10 ** (low + n)));
  return { ticks, place: (value) => between(pixels, (Math.log10(value) - low) / (high - low)) };
}

/** The tail stretched out: from 0 by 90, 99, 99.9 to `most`, each nine as wide as the last. */
export function percentileScale(most: number, pixels: Pixels): Scale {
  const depth = (percentile: number): number => -Math.log10(1 - Math.min(percentile, 99.999) / 100);
  const whole = Math.max(1, depth(most));
  const ticks = [0, 50, 90, 99, 99.9, 99.99].filter((value) => depth(value) <= whole + 1e-9).map(tickAt);
  return { ticks, place: (value) => between(pixels, depth(value) / whole) };
}

const tickAt = (value: number): Tick => ({ value, label: labelOf(value) });
