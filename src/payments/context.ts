// What the parts of a payment work with: opened once, in payments.ts.

import type { Database } from "#db/connect.ts";
import type { Cache } from "../kernel/cache.ts";
import type { Clock } from "../kernel/clock.ts";
import type { BotId, ChargeId } from "../kernel/ids.ts";
import type { Gate } from "../kernel/lanes.ts";
import type { Log } from "../kernel/log.ts";
import { hashToken, type Keyring, newToken } from "../kernel/secret.ts";
import type { Account, Accounts } from "./accounts.ts";
import type { Breaker } from "./breaker.ts";
import type { Caller } from "./gateways/call.ts";
import type { Api, Gateway } from "./gateways/gateway.ts";
import type { Reader } from "./read.ts";
import type { Saver } from "./save.ts";
import type { Given } from "./verdict.ts";

export type Context = {
  sql: Database;
  clock: Clock;
  log: Log;
  keyring: Keyring;
  signal: AbortSignal;
  accounts: Accounts;
  breaker: Breaker;
  caller: Caller;
  reader: Reader;
  saver: Saver;
  /** Calls under way, in all and for one account. */
  gate: Gate<number>;
  /** The same for calls that make charges: a person waits, and questions that hang must not be in front of him. */
  makeGate: Gate<number>;
  /** When charges were last verified at a customer's wish, in milliseconds since 1970. */
  verified: Cache<ChargeId, number>;
  /** Under which gateways and customers reach this program. */
  publicUrl: () => string | undefined;
  /** Gateway → who gets the platform's part there. */
  splitRecipients: Readonly<Record<string, string>>;
  /** The address of a bot's own API. */
  botUrl: (botId: BotId) => Promise<string | undefined>;
};

/** Opens an account's API for one operation of a bot. */
export async function openApi(context: Context, account: Account, botId: BotId, withinMs: number): Promise<Api<never>> {
  const { gateway, credentials } = account;
  const baseUrl = gateway.throughBot ? await context.botUrl(botId) : undefined;
  const called = {
    name: String(account.id),
    credentials: baseUrl === undefined ? credentials : { ...credentials, baseUrl },
  };
  return context.caller.open(gateway, called, { withinMs, now: context.clock.now() });
}

/** What a decision is given besides the payment. */
export function givenFor(context: Context, gateway: Gateway, source: string): Given {
  return {
    now: context.clock.now(),
    source,
    askEverySeconds: gateway.askEverySeconds,
    legalNotice: gateway.legalNotice ?? null,
    mint: () => mintPage(context),
  };
}

/** Where a delivery's token is sealed for. */
export const TOKEN_PLACE = "delivery.token_sealed";

/** A fresh secret of 256 bits for the page of a delivery. */
function mintPage({ keyring, publicUrl }: Context): ReturnType<Given["mint"]> {
  const token = newToken();
  return {
    hash: `\\x${hashToken(token).toString("hex")}`,
    sealed: keyring.seal(token, TOKEN_PLACE),
    url: pageUrl(publicUrl(), token),
  };
}

export const pageUrl = (publicUrl: string | undefined, token: string): string | null =>
  publicUrl === undefined ? null : `${publicUrl.replace(/\/+$/, "")}/delivery/${token}`;
