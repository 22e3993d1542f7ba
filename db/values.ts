// Arrays as postgres.js takes them: it reads the type of an array off its first element, and gets dates and booleans wrong.

/** For `${timesOf(…)}::timestamptz[]`. */
export function timesOf(times: readonly (Date | null)[]): (string | null)[] {
  return times.map((time) => time?.toISOString() ?? null);
}

/** For `${booleansOf(…)}::text[]::boolean[]`. */
export function booleansOf(values: readonly boolean[]): string[] {
  return values.map(String);
}
