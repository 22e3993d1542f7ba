// Long polling: what is pending, from `offset` on; an offset confirms all updates below it.

import { ApiFailure } from "../api-failure.ts";
import { integerOf } from "../params.ts";
import type { Bot, World } from "../state.ts";
import { type PendingUpdate, type Poll, preciseNow } from "../updates.ts";
import type { Call } from "./call.ts";
import { setAllowedUpdates } from "./webhook-methods.ts";

const LIMIT_MAX = 100;
const TIMEOUT_MAX_SECONDS = 50;

type Page = { offset: number; limit: number };

/** 409 while a webhook is set. Of two long polls the older one gets the 409. */
export function getUpdates(call: Call): unknown {
  const { bot, params, world } = call;
  if (bot.webhook) {
    const remedy = "use deleteWebhook to delete the webhook first";
    throw new ApiFailure(409, `Conflict: can't use getUpdates method while webhook is active; ${remedy}`);
  }
  setAllowedUpdates(bot, params);
  const reason = "terminated by other getUpdates request; make sure that only one bot instance is running";
  bot.updates.endPoll(new ApiFailure(409, `Conflict: ${reason}`));
  const offset = integerOf(params, "offset") ?? 0;
  const limit = Math.min(LIMIT_MAX, Math.max(1, integerOf(params, "limit") ?? LIMIT_MAX));
  const timeoutSeconds = Math.min(TIMEOUT_MAX_SECONDS, Math.max(0, integerOf(params, "timeout") ?? 0));
  confirm(bot, offset);
  const updates = take(bot, { offset, limit });
  if (updates.length > 0 || timeoutSeconds === 0) return updates;
  return waitForUpdates(world, bot, { offset, limit }, timeoutSeconds, call.request?.signal);
}

/** A negative offset keeps only that many of the newest. */
function confirm(bot: Bot, offset: number): void {
  bot.updates.expire();
  const pending = [...bot.updates.pending];
  const below = offset < 0 ? pending.slice(0, offset) : pending.filter((update) => update.id < offset);
  for (const update of below) bot.updates.finish(update, "confirmed");
}

function take(bot: Bot, { offset, limit }: Page): unknown[] {
  const page: unknown[] = [];
  for (const update of bot.updates.pending) {
    if (page.length >= limit) break;
    if (update.id >= offset) page.push(asTaken(update));
  }
  return page;
}

function asTaken(update: PendingUpdate): unknown {
  update.attempts += 1;
  update.firstSentAt ??= preciseNow();
  return { update_id: update.id, ...update.body };
}

function waitForUpdates(
  world: World,
  bot: Bot,
  page: Page,
  timeoutSeconds: number,
  caller: AbortSignal | undefined,
): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const poll: Poll = {
      wake: () => settle(() => resolve(take(bot, page))),
      end: (reason) => settle(() => (reason ? reject(reason) : resolve([]))),
    };
    const cancelTimer = world.settings.timeline.after(timeoutSeconds * 1_000, () => poll.end());
    const leave = () => poll.end();
    caller?.addEventListener("abort", leave, { once: true });
    bot.updates.poll = poll;

    function settle(finish: () => void): void {
      if (bot.updates.poll === poll) bot.updates.poll = undefined;
      cancelTimer();
      caller?.removeEventListener("abort", leave);
      finish();
    }
  });
}
