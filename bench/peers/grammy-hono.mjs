// What a good engineer would write instead of grimbots: grammY, Hono on Node, BullMQ with ioredis, pg; one process, the same promises for a
// /start: kept before it is answered, dealt with once, welcomed, and finished at the next start when the process died before the end.

import { timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { serve } from "@hono/node-server";
import { Queue, Worker } from "bullmq";
import { Api } from "grammy";
import { Hono } from "hono";
import { Redis } from "ioredis";
import pg from "pg";
import { finishing, isStart, keeping, profiling, reading } from "./grammy-hono-statements.mjs";
import { welcome } from "./welcome.mjs";

/** One commit of PostgreSQL waits for the disk together with others, so several are under way. */
const CONNECTIONS = 20;
const JOBS_AT_ONCE = 16;
const QUEUE = { prefix: "grammy-hono", name: "profiles" };

const {
  port,
  apiRoot,
  redisUrl,
  database,
  bots: botList,
  profileBy,
} = JSON.parse(readFileSync(process.argv[2], "utf8"));

const bots = new Map(
  botList.map(({ botId, token, secretToken, photo }) => [
    String(botId),
    { id: botId, photo, secret: Buffer.from(secretToken), api: new Api(token, { apiRoot }) },
  ]),
);

const pool = new pg.Pool({
  ...database,
  max: CONNECTIONS,
  idleTimeoutMillis: 0,
  // One plan for each statement, and by key: a plan made while the tables were empty would scan them later on.
  options: "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off",
});
pool.on("error", complain);

const connection = new Redis(redisUrl, { maxRetriesPerRequest: null, enableAutoPipelining: true });
const profiles = new Queue(QUEUE.name, {
  connection,
  prefix: QUEUE.prefix,
  defaultJobOptions: { attempts: 5, backoff: { type: "exponential", delay: 1_000 }, removeOnComplete: true },
});
const worker = new Worker(QUEUE.name, ({ data }) => saveProfile(data), {
  connection,
  prefix: QUEUE.prefix,
  concurrency: JOBS_AT_ONCE,
});
for (const emitter of [connection, profiles, worker]) emitter.on("error", complain);

const app = new Hono();
app.get("/ready", async (context) => {
  await Promise.all([pool.query("SELECT 1"), connection.ping()]);
  return context.text("ready");
});
app.post("/webhook/telegram/:botId", async (context) => {
  const bot = bots.get(context.req.param("botId"));
  if (!bot) return context.body(null, 404);
  if (!isSecret(context.req.header("x-telegram-bot-api-secret-token"), bot)) return context.body(null, 401);
  const body = await context.req.text();
  const update = parse(body);
  if (!Number.isSafeInteger(update?.update_id)) return context.body(null, 400);
  const kept = await keep(bot, update, body);
  if (kept) deal(bot, update, kept).catch(complain);
  return context.body(null, 200);
});
app.onError((error, context) => {
  complain(error);
  return context.body(null, 503);
});

function isSecret(given = "", { secret }) {
  const bytes = Buffer.from(given);
  return bytes.length === secret.length && timingSafeEqual(bytes, secret);
}

function parse(body) {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** Update, customer and message in one commit. Undefined: it was kept before. `answers`: it is a /start that is to be answered. */
async function keep(bot, update, body) {
  const { rows } = await pool.query(keeping(bot, update, body, profileBy === "commit"));
  return rows[0];
}

/** What follows from a kept update: the welcome, and the profile by a job when it is not saved yet. Its row is done when both are. */
async function deal(bot, { message }, { id, answers }) {
  if (!message) return void (await pool.query(finishing(id)));
  const { from } = message;
  const job = profileBy === "job" && profiles.add("save", { botId: bot.id, chatId: message.chat.id, from });
  const sent = answers
    ? await bot.api.raw.sendPhoto({ chat_id: message.chat.id, photo: bot.photo, ...welcome(from.first_name) })
    : undefined;
  await job;
  await pool.query(finishing(id, bot, sent));
}

async function saveProfile({ botId, chatId, from }) {
  await pool.query(profiling(botId, chatId, from));
}

/** What an earlier process accepted but did not finish; the message may then go out twice, rather than never. */
async function dealWithRest() {
  const { rows } = await pool.query(reading());
  for (const { id, bot_id: botId, body } of rows) {
    const [bot, update] = [bots.get(botId), JSON.parse(body)];
    if (bot) await deal(bot, update, { id, answers: isStart(update.message?.text) }).catch(complain);
  }
}

function complain(error) {
  process.stderr.write(`${error?.stack ?? error}\n`);
}

async function end(server) {
  server.close();
  await worker.close();
  await profiles.close();
  await pool.end();
  process.exit(0);
}

async function main() {
  await dealWithRest();
  const server = serve({ fetch: app.fetch, port, hostname: "127.0.0.1" });
  process.once("SIGTERM", () => end(server).catch(complain));
}

main().catch((error) => {
  complain(error);
  process.exit(1);
});
