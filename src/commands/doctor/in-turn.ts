// Many of a kind, each of which is asked over the network: so many at a time, for so long, and then it is said how many were left out.

import { advice, type Finding } from "./finding.ts";

const AT_ONCE = 20;

/** One finding for each item, in their order, until `withinMs` are over; then one of the kind's `name` says how far it came. */
export async function inTurn<Item>(
  name: string,
  items: readonly Item[],
  withinMs: number,
  check: (item: Item) => Promise<Finding>,
): Promise<Finding[]> {
  const endMs = performance.now() + withinMs;
  const findings: Finding[] = [];
  while (findings.length < items.length && performance.now() < endMs) {
    const some = items.slice(findings.length, findings.length + AT_ONCE);
    findings.push(...(await Promise.all(some.map(check))));
  }
  if (findings.length === items.length) return findings;
  const share = Math.max(1, findings.length) / items.length;
  const seconds = Math.round(withinMs / 1_000);
  const more = Math.ceil((seconds / share) * 1.2);
  return [
    ...findings,
    advice(name, "looked_at", "look_at_rest", { seen: findings.length, all: items.length, seconds, more }),
  ];
}
