// The life of an incident, pure:
//
//   seen ──(it holds for its time)──► fired ──(gone for 30 s)──► resolved
//     └─(gone before that)─► forgotten        ◄──(back within 10 min)──┘
//
// A fired one is told at once, then after 10 min, 1 h, 6 h and every 24 h, until it is acknowledged. When something new joins it, it is told
// again, also to who has acknowledged it, but not within 10 minutes of the last time. That it is over is told once.

import type { Seen, Trouble } from "./look.ts";
import { MOST_THINGS } from "./look.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** What passes from one telling to the next; the last one goes on. */
export const REPEAT_MS = [10 * MINUTE, HOUR, 6 * HOUR, 24 * HOUR] as const;
const GONE_MS = 30_000;
const BACK_MS = 10 * MINUTE;

/** As it was last told, how often it was by then, and when it is told again. */
export type Told = { things: string[]; total: number; at: Date; times: number; nextAt: Date };

/** `id` null = it is not kept yet. */
export type Incident = {
  id: number | null;
  name: string;
  since: Date;
  firedAt: Date | null;
  things: string[];
  total: number;
  sentence: string;
  told: Told | null;
  acknowledgedAt: Date | null;
  acknowledgedBy: string | null;
  goneAt: Date | null;
  resolvedAt: Date | null;
};

/** What is said of it: for the first time, once more, because it grew, because it is over. */
export type Saying = "fired" | "again" | "more" | "over";

/** `keep` false: it is forgotten. `lifts`: whoever acknowledged it did not know of this. */
export type Step = { incident: Incident; keep: boolean; says: Saying | null; lifts: boolean };

/**
 * The next step of the incident of one name; undefined = nothing changes. `last`: the latest one, also when it is resolved. `holdMs`: how long
 * the trouble must hold before it fires.
 */
export function step(
  last: Incident | undefined,
  seen: Seen,
  { name, holdMs }: { name: string; holdMs: number },
  now: Date,
): Step | undefined {
  if (seen === "unknown") return undefined;
  const open = last?.resolvedAt === null ? last : undefined;
  if (seen === "fine") return open && withoutTrouble(open, now);
  const back = !open && last?.resolvedAt && now.getTime() - last.resolvedAt.getTime() < BACK_MS ? last : undefined;
  const begun = open ?? (back ? { ...back, ...UNKNOWN, resolvedAt: null } : newIncident(name, now));
  const next = withTrouble({ ...begun, ...figuresOf(seen), goneAt: null }, holdMs, now);
  // It was told to be over, so nobody knows of it any more.
  return back ? { ...next, lifts: true } : next;
}

const UNKNOWN = { acknowledgedAt: null, acknowledgedBy: null };

const newIncident = (name: string, now: Date): Incident => ({
  ...{ id: null, name, since: now, firedAt: null, things: [], total: 0, sentence: "", told: null },
  ...{ ...UNKNOWN, goneAt: null, resolvedAt: null },
});

const figuresOf = ({ things, total, sentence }: Trouble) => ({ things: things.slice(0, MOST_THINGS), total, sentence });

function withTrouble(incident: Incident, holdMs: number, now: Date): Step {
  const { firedAt, since, told, acknowledgedAt } = incident;
  if (firedAt === null || told === null) {
    if (now.getTime() - since.getTime() < holdMs) return quiet(incident);
    return { ...quiet(tell({ ...incident, firedAt: now }, now)), says: "fired" };
  }
  if (hasGrown(incident, told) && now.getTime() - told.at.getTime() >= REPEAT_MS[0])
    return { ...quiet(tell({ ...incident, ...UNKNOWN }, now)), says: "more", lifts: true };
  if (acknowledgedAt === null && told.nextAt <= now) return { ...quiet(tell(incident, now)), says: "again" };
  return quiet(incident);
}

function withoutTrouble(incident: Incident, now: Date): Step {
  if (incident.firedAt === null) return { ...quiet(incident), keep: false };
  const gone = { ...incident, goneAt: incident.goneAt ?? now };
  if (now.getTime() - gone.goneAt.getTime() < GONE_MS) return quiet(gone);
  return { ...quiet({ ...gone, resolvedAt: now }), says: "over" };
}

const quiet = (incident: Incident): Step => ({ incident, keep: true, says: null, lifts: false });

/** Where not all were told by name, only their number tells. */
const hasGrown = ({ things, total }: Incident, told: Told): boolean =>
  told.total > MOST_THINGS ? total > told.total : things.some((thing) => !told.things.includes(thing));

function tell(incident: Incident, now: Date): Incident {
  const times = (incident.told?.times ?? 0) + 1;
  const pauseMs = REPEAT_MS[Math.min(times, REPEAT_MS.length) - 1] ?? 24 * HOUR;
  const { things, total } = incident;
  return { ...incident, told: { things, total, at: now, times, nextAt: new Date(now.getTime() + pauseMs) } };
}
