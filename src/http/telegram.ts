// The door for Telegram: which bot, is it Telegram, is it an update, keep it. Nothing is thought here.

import { Elysia } from "elysia";
import type { App } from "../app.ts";
import { RejectedError } from "../kernel/errors.ts";
import { type BotId, parseId, type UpdateId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import { metrics } from "../kernel/metrics.ts";
import { matchesHash } from "../kernel/secret.ts";
import { within } from "../kernel/within.ts";
import { isIgnored, isUpdate, isUrgent, type TelegramUpdate } from "../telegram/update.ts";
import { kept, problemOf } from "./answer.ts";
import { readText } from "./body.ts";
import { countRequest } from "./measured.ts";

const ROUTE = "/webhook/telegram/:botId";
const SECRET_HEADER = "x-telegram-bot-api-secret-token";

type Door = Pick<App, "bots" | "inbox" | "clock">;

/** It counts its requests itself: the server's hooks cost a microsecond, and most of what arrives arrives here. */
export function telegramDoor(app: Door) {
  return new Elysia().post(
    ROUTE,
    async ({ request, params }) => {
      const arrivedMs = performance.now();
      try {
        await keep(app, request, params.botId, arrivedMs);
        countRequest("POST", ROUTE, 200, arrivedMs);
        return kept();
      } catch (error) {
        const answer = problemOf(error);
        metrics.updatesRefused.inc({ status: String(answer.status) });
        countRequest("POST", ROUTE, answer.status, arrivedMs);
        return answer;
      }
    },
    { parse: "none" },
  );
}

/** Resolves once the update is committed; throws RejectedError with the status of the refusal. */
async function keep({ bots, inbox, clock }: Door, request: Request, id: string, arrivedMs: number): Promise<void> {
  const botId = parseId<BotId>(id);
  // A bot that is not in memory is asked for, and PostgreSQL may stand still.
  const bot = botId && (await within(limits.acceptTimeoutMs, bots.find(botId), tooLate));
  // Never 410: Telegram would take the webhook down.
  if (!bot) throw new RejectedError(404, "There is no such bot here.");
  if (!matchesHash(request.headers.get(SECRET_HEADER) ?? "", bot.secretHash))
    throw new RejectedError(401, "The secret token is missing or wrong.");
  const body = await readText(request, limits.updateBodyBytes);
  const update = parseUpdate(body);
  const receivedAt = clock.now();
  await inbox.accept({
    botId: bot.id,
    updateId: update.update_id as UpdateId,
    body,
    update,
    receivedAt,
    arrivedMs,
    atOnce: isUrgent(update),
    isIgnored: isIgnored(update),
  });
}

const tooLate = (): Error =>
  new RejectedError(503, "The update could not be kept; send it again.", limits.retryAfterSeconds);

function parseUpdate(body: string): TelegramUpdate {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new RejectedError(400, "The body is not JSON.");
  }
  if (!isUpdate(value)) throw new RejectedError(400, "The body is not a Telegram Update.");
  return value;
}
