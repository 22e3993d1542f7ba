// Arrays as postgres.js takes them: it reads the type of an array off its first element, and gets dates wrong.

/** For `${timesOf(…)}::timestamptz[]`. */
export function timesOf(times: readonly (Date | null)[]): (string | null)[] {
  return times.map((time) => time?.toISOString() ?? null);
}
