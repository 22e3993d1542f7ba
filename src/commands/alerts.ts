// grimbots alerts

import { systemClock } from "../kernel/clock.ts";
import type { Incident } from "../ops/incident.ts";
import { listIncidents, readWatch } from "../ops/incident-book.ts";
import { durationText } from "../ops/look.ts";
import { listOwnAlerts } from "../ops/news.ts";
import { listUntold } from "../ops/outbox.ts";
import type { Command } from "./command.ts";
import { onDatabase } from "./open.ts";

const MOST = 50;
/** Somebody looks every ten seconds. */
const WATCHED_MS = 60_000;

export const alerts: Command = {
  words: "alerts",
  summary: "lists what is wrong, who knows of it, what was lately over, and what could not be told.",
  flags: [],
  async run(_flags, print) {
    const now = systemClock.now();
    const found = await onDatabase(async (sql) => ({
      watch: await readWatch(sql),
      incidents: await listIncidents(sql, MOST),
      news: await listOwnAlerts(sql, MOST),
      untold: await listUntold(sql, MOST),
    }));
    const open = found.incidents.filter(({ resolvedAt }) => resolvedAt === null);
    const over = found.incidents.filter(({ resolvedAt }) => resolvedAt !== null);
    const lines = [
      watchText(found.watch.lookedAt, now),
      ...(open.length === 0 ? ["Nenhum alerta aberto."] : open.map((one) => openText(one, now))),
      ...found.news.map(({ sentence, at }) => `AVISO  ${at.toISOString()}  ${sentence}`),
      ...found.untold.map(({ destination, error }) => `NÃO DITO  ${destination}: ${error}`),
      ...over.slice(0, 10).map(overText),
    ];
    print({ watchedAt: found.watch.lookedAt, open, over, news: found.news, untold: found.untold }, lines.join("\n"));
  },
};

function watchText(lookedAt: Date | null, now: Date): string {
  const agoMs = lookedAt ? now.getTime() - lookedAt.getTime() : Number.POSITIVE_INFINITY;
  if (agoMs < WATCHED_MS) return "Vigiado agora.";
  const since = lookedAt ? `há ${durationText(agoMs)}` : "nunca";
  return `NINGUÉM VIGIA (última olhada: ${since}): inicie um processo que atenda a fila clock.`;
}

function openText({ name, since, sentence, acknowledgedBy, told }: Incident, now: Date): string {
  const known = acknowledgedBy === null ? `dito ${told?.times ?? 0}×` : `ciente: ${acknowledgedBy}`;
  return `ABERTO  ${name}  há ${durationText(now.getTime() - since.getTime())} (${known}): ${sentence}`;
}

function overText({ name, since, goneAt, resolvedAt }: Incident): string {
  const lasted = durationText((goneAt ?? since).getTime() - since.getTime());
  return `resolvido  ${name}  ${resolvedAt?.toISOString()}, durou ${lasted}`;
}
