// The mix of notices that gateways send: news of a payment, the same again, and charges that are none of ours. Pure.

/** `nth`: which charge it is about, counted from 0 among those that are paid. */
export type Sort = { sort: "paid" | "repeat"; nth: number } | { sort: "unknown" };

/** Of six notices one brings news, three are repeats, and two are about charges of somebody else's program at the same account. */
const ROUND = ["paid", "repeat", "unknown", "repeat", "unknown", "repeat"] as const;
/** Repeats come so many payments after the first: at 50 payments a second, within a second. */
const REPEATS_WITHIN = 40;

export const PAID_SHARE = ROUND.filter((sort) => sort === "paid").length / ROUND.length;

/** What the notice at this place of the run is. The same place is the same in every run. */
export function sortAt(place: number): Sort {
  const sort = ROUND[place % ROUND.length] ?? "unknown";
  const paid = Math.floor(place / ROUND.length);
  if (sort === "unknown") return { sort };
  if (sort === "paid") return { sort, nth: paid };
  return { sort, nth: Math.max(0, paid - (place % REPEATS_WITHIN)) };
}
