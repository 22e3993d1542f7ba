// Looks at everything every ten seconds, in one process at a time, and has the operator told. What it knows stands in PostgreSQL; while that is
// away it goes on from memory, in the process that watched, and writes it down afterwards.

import type { App } from "../app.ts";
import { reasonOf } from "../kernel/errors.ts";
import { within } from "../kernel/within.ts";
import type { Ear } from "./acknowledge.ts";
import { alerts, findAlert } from "./alerts.ts";
import { openChores } from "./chores.ts";
import { type Incident, type Step, step } from "./incident.ts";
import { lead, readIncidents, saveSteps } from "./incident-book.ts";
import type { Seen } from "./look.ts";
import { takeNews } from "./news.ts";
import { composeNote } from "./notification.ts";
import { type Destination, openOutbox } from "./outbox.ts";
import { openReadings, type Readings, type Scene } from "./readings.ts";
import type { WebhookWatch } from "./webhook-watch.ts";

export type Monitor = {
  /** Looks once at the bots' webhooks and then at everything, now; says whether this process is the one who watches. */
  once(): Promise<boolean>;
  stop(): Promise<void>;
};

export type MonitorOptions = {
  app: Pick<App, "sql" | "redis" | "queues" | "clock" | "log" | "lease">;
  /** How much older than its last renewal a lease may be. */
  grace: string;
  /** Which installation speaks. */
  place: string;
  destinations: readonly Destination[];
  ears: readonly Ear[];
  watch: WebhookWatch;
  scene: Pick<Scene, "machineNow" | "roomOn">;
  /** Every ten seconds, until stopped; else only when `once` is called. */
  byItself: boolean;
};

const EVERY_MS = 10_000;
/** PostgreSQL that takes longer for what takes milliseconds does not answer. */
const ANSWER_MS = 5_000;
const LOOK_MS = 5_000;

export function openMonitor(options: MonitorOptions): Monitor {
  const { app, place, destinations, ears, watch } = options;
  const { sql, clock, log, lease } = app;
  const outbox = openOutbox({ sql, clock, log, destinations });
  const chores = openChores(sql);
  const scene: Scene = { ...app, ...options.scene, telegramSkewMs: watch.skewMs, diskIsFull: chores.diskIsFull };
  /** Whether this process watched when that was last known. */
  let leads = false;
  /** The latest incident of each name, and whether there is more in it than in PostgreSQL. */
  let known = new Map<string, Incident>();
  let isAhead = false;

  async function round(): Promise<void> {
    const now = clock.now();
    const problem = await askDatabase(now);
    if (leads) {
      if (problem === undefined) await chores.run(now, log);
      const readings = openReadings(scene, now);
      await take(await seeAll(readings, problem), now, problem === undefined ? await news(now) : undefined);
      await outbox.sendDue(problem === undefined);
    }
    const isUnknown = [...known.values()].some((one) => one.firedAt && !one.resolvedAt && !one.acknowledgedAt);
    for (const ear of ears) ear.listen(leads && problem === undefined && isUnknown);
  }

  /** Who watches, and what is known; returns what is wrong with PostgreSQL, if it did not say. */
  async function askDatabase(now: Date): Promise<{ error: unknown } | undefined> {
    const ahead = isAhead ? [...known.values()].map(asStep) : [];
    const ask = async () => {
      if (ahead.length > 0) await saveSteps(sql, ahead, [], { leader: null, now });
      const isLeading = await lead(sql, { me: lease.id, mayJudge: lease.mayJudge(), grace: options.grace, now });
      return {
        isLeading,
        incidents: isLeading
          ? await readIncidents(
              sql,
              alerts.map(({ name }) => name),
            )
          : [],
      };
    };
    try {
      const { isLeading, incidents } = await within(ANSWER_MS, ask(), () => new Error("sem resposta em 5 s"));
      if (isLeading && !leads) log.info({ fact: "monitor.leads" }, "this process watches");
      [leads, isAhead] = [isLeading, false];
      known = new Map(incidents.map((incident) => [incident.name, incident]));
      return undefined;
    } catch (error) {
      return { error };
    }
  }

  async function seeAll(readings: Readings, problem: { error: unknown } | undefined): Promise<Map<string, Seen>> {
    const seen = new Map<string, Seen>();
    // One after the other: nobody is waiting for this, and everybody for PostgreSQL.
    for (const { name, asks, look } of alerts)
      seen.set(name, problem && asks === "database" ? "unknown" : await see(name, () => look(readings)));
    if (problem) seen.set(...troubleOf(problem.error));
    return seen;
  }

  async function see(name: string, look: () => Promise<Seen>): Promise<Seen> {
    try {
      return await within(LOOK_MS, look(), () => new Error("no answer"));
    } catch (error) {
      log.warn(
        { fact: "alert.unseen", alert: name, reason: reasonOf(error).slice(0, 200) },
        "a condition could not be seen",
      );
      return "unknown";
    }
  }

  async function take(seen: Map<string, Seen>, now: Date, more: string | undefined): Promise<void> {
    const steps = alerts.flatMap(
      ({ name, holdSeconds }) =>
        step(known.get(name), seen.get(name) ?? "unknown", { name, holdMs: holdSeconds * 1_000 }, now) ?? [],
    );
    const told = steps.flatMap(({ incident, says }) => (says ? [{ incident, says }] : []));
    for (const one of told) tellLog(one.incident, one.says);
    const note = told.length > 0 || more ? composeNote(place, told, more, now) : undefined;
    const notes = note ? destinations.map(({ name }) => ({ destination: name, note })) : [];
    for (const { incident, keep } of steps) {
      if (keep) known.set(incident.name, incident);
      else known.delete(incident.name);
    }
    if (steps.length === 0 && notes.length === 0) return;
    try {
      const late = () => new Error("no answer");
      await within(ANSWER_MS, saveSteps(sql, steps, notes, { leader: lease.id, now }), late);
    } catch (error) {
      log.warn({ fact: "monitor.unsaved", reason: reasonOf(error) }, "incidents are kept in memory for now");
      isAhead = true;
      // Nothing could be acknowledged now.
      outbox.keepInMemory(
        notes.map(({ destination, note: said }) => ({ destination, note: { ...said, buttons: [] } })),
      );
    }
  }

  const news = (now: Date): Promise<string | undefined> =>
    within(ANSWER_MS, takeNews(sql, now), () => new Error("no answer")).catch(() => undefined);

  function tellLog({ name, total, sentence }: Incident, says: NonNullable<Step["says"]>): void {
    if (says === "over") log.info({ fact: "alert.over", alert: name }, findAlert(name)?.over ?? name);
    else log.error({ fact: `alert.${says}`, alert: name, total }, sentence);
  }

  const looking = inTurn(() =>
    round().catch((error) => log.error({ fact: "monitor.failed", reason: reasonOf(error) }, "a look failed")),
  );
  const watching = inTurn(() =>
    watch
      .round(clock.now())
      .catch((error) => log.debug({ fact: "watch.failed", reason: reasonOf(error) }, "it comes again")),
  );
  const tick = (): void => {
    void looking.run();
    if (leads) void watching.run();
  };
  const timer = options.byItself ? setInterval(tick, EVERY_MS) : undefined;
  if (options.byItself) tick();

  return {
    async once() {
      if (leads) await watching.run();
      await looking.run();
      return leads;
    },
    async stop() {
      clearInterval(timer);
      await Promise.all([...ears.map((ear) => ear.close()), looking.idle()]);
    },
  };
}

/** What is in memory is saved as it is; whoever acknowledged it meanwhile is not forgotten. */
const asStep = (incident: Incident): Step => ({ incident, keep: true, says: null, lifts: false });

/** The alert that an error of PostgreSQL's means. */
function troubleOf(error: unknown): [name: string, seen: Seen] {
  const code = (error as { code?: unknown } | undefined)?.code;
  const one = (sentence: string): Seen => ({ things: [], total: 1, sentence });
  if (code === "53100")
    return ["database_disk", one("O PostgreSQL não consegue gravar: o disco dele está cheio (53100).")];
  if (code === "53300")
    return ["database_connections", one("O PostgreSQL não aceita mais nenhuma conexão: todas estão em uso (53300).")];
  return ["database_down", one(`O PostgreSQL não responde (${(reasonOf(error) || String(code)).slice(0, 150)}).`)];
}

/** Runs one at a time: whoever asks meanwhile gets the one that is running. */
function inTurn(work: () => Promise<void>): { run(): Promise<void>; idle(): Promise<void> } {
  let running: Promise<void> | undefined;
  return {
    run() {
      running ??= work().finally(() => {
        running = undefined;
      });
      return running;
    },
    idle: async () => running,
  };
}
