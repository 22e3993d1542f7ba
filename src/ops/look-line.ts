// Is everybody answered? /start without its first message, the share of welcomes, and the queues behind it.

import type { QueueName } from "#queues/index.ts";
import type { BotId } from "../kernel/ids.ts";
import { counted, durationText, percentText, type Seen, troubleWith } from "./look.ts";
import type { Readings } from "./readings.ts";

/** A /start that is older has had its time. */
const ANSWER_MS = 60_000;
/** What is tried again later than that is not looked at: no message waits so long by itself. */
const SOON_MS = 10 * 60_000;
/** Starts that are read of each kind; beyond it there is trouble enough. */
const MOST_STARTS = 1_000;
const WINDOW_MS = 15 * 60_000;
const FEWEST_STARTS = 20;
const WELCOME_SHARE = 0.98;

/** A queue's oldest job may wait so long. The clock's own jobs may: each comes again. */
const WAIT_MS: Record<QueueName, number> = { tasks: 60_000, webhook: 60_000, gateway: 120_000, clock: 15 * 60_000 };

/** /start kept more than a minute ago whose first message is not out, and those of the last 15 minutes whose never will be. */
export async function startUnanswered({ sql, now, tallies }: Readings): Promise<Seen> {
  const [before, soon] = [new Date(now.getTime() - ANSWER_MS), new Date(now.getTime() + SOON_MS)];
  const bots = await sql<{ bot_id: BotId; starts: number; oldest: Date }[]>`
    SELECT bot_id, count(*)::int AS starts, min(received_at) AS oldest
    FROM starts_waiting(${before}, ${soon}, ${MOST_STARTS}) GROUP BY bot_id ORDER BY min(received_at)`;
  const refused = (await tallies())("start", WINDOW_MS).get("refused") ?? 0;
  const waiting = bots.reduce((sum, bot) => sum + bot.starts, 0);
  if (waiting + refused === 0) return "fine";
  const oldest = bots[0] ? ` (o mais antigo há ${durationText(now.getTime() - bots[0].oldest.getTime())})` : "";
  const parts = [
    ...(waiting > 0 ? [`${waiting} /start sem resposta há mais de 60 s${oldest}`] : []),
    ...(refused > 0 ? [`${refused} /start dos últimos 15 min que não puderam ser respondidos`] : []),
  ];
  const where =
    bots.length > 0
      ? `; bots ${bots
          .slice(0, 5)
          .map((bot) => bot.bot_id)
          .join(", ")}`
      : "";
  const things = bots.map((bot) => `bot:${bot.bot_id}`).slice(0, 50);
  return { things, total: waiting + refused, sentence: `${parts.join(" e ")}${where}.` };
}

/** Fewer than 98% of at least 20 /start of the last 15 minutes got their first message within a minute. */
export async function welcomeRatioLow({ tallies }: Readings): Promise<Seen> {
  const starts = (await tallies())("start", WINDOW_MS);
  const all = starts.get("counted") ?? 0;
  const welcomed = starts.get("welcomed") ?? 0;
  if (all < FEWEST_STARTS || welcomed >= all * WELCOME_SHARE) return "fine";
  const share = percentText(welcomed / all);
  const sentence = `Só ${welcomed} de ${all} /start dos últimos 15 min receberam a primeira mensagem em 1 min (${share}).`;
  return { things: [], total: all - welcomed, sentence };
}

export async function queueOld(readings: Readings): Promise<Seen> {
  if (!(await readings.redisState()).answers) return "unknown";
  const old = (await readings.queueStates()).filter(({ name, oldestMs }) => oldestMs > WAIT_MS[name]);
  return troubleWith(
    old,
    ({ name }) => name,
    (named) => `Trabalho parado na fila: ${named}.`,
    old.length,
    ({ name, oldestMs }) => `${name} (o mais antigo espera há ${durationText(oldestMs)})`,
  );
}

export async function queueWithoutWorker(readings: Readings): Promise<Seen> {
  if (!(await readings.redisState()).answers) return "unknown";
  const alone = (await readings.queueStates()).filter(({ workers }) => workers === 0);
  return troubleWith(
    alone,
    ({ name }) => name,
    (named, total) => `Nenhum processo atende ${counted(total, "fila", "filas")}: ${named}.`,
  );
}
