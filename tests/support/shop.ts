// A shop for a story: a bot that sells, a sandbox gateway with an account of the bot's seller, and a customer who taps.

import type { Funnel } from "#src/funnel/funnel.ts";
import type { AccountId, TenantId } from "#src/kernel/ids.ts";
import { addAccount } from "#src/payments/add-account.ts";
import { type SandboxGateway, startSandboxGateway } from "#src/sandbox-gateway/server.ts";
import { until } from "./until.ts";
import { type Door, type TestBot, testKeyring, type World } from "./world.ts";

/** One product behind one button: R$ 19,90, a link. */
export const shopFunnel: Funnel = {
  name: "Loja",
  start: "oferta",
  steps: [
    {
      id: "oferta",
      kind: "message",
      text: "Quer o guia?",
      buttons: [
        [{ text: "Quero", priceCents: 1990 as never, product: "Guia", deliver: { link: "https://example.com/guia" } }],
      ],
    },
  ],
};

export type Account = { accountId: AccountId; webhookUrl: string; token: string; noticeSecret: string };

export type Shop = {
  bot: TestBot;
  tenantId: TenantId;
  sandbox: SandboxGateway;
  account: Account;
  /** One more account of the same seller, at a sandbox merchant of its own; higher `priority` comes later. */
  addAccount(priority: number): Promise<Account>;
  /** The opaque key on the first buy button of the bot's current funnel. */
  buyKey(): Promise<string>;
  /** Taps the buy button. */
  tapBuy(to: Door, chatId: number): Promise<void>;
  /** Taps, and waits until a charge is made and shown. */
  buy(to: Door, chatId: number): Promise<{ chargeId: number; orderId: number; gatewayId: string; key: string }>;
  [Symbol.asyncDispose](): Promise<void>;
};

let taps = 0;

/** `running`: the process whose address notices go to. */
export async function openShop(world: World, running: Door, funnel: Funnel = shopFunnel): Promise<Shop> {
  const bot = await world.addBot(funnel);
  const [row] = await world.sql<{ tenant_id: TenantId }[]>`SELECT tenant_id FROM bot WHERE id = ${bot.botId}`;
  const tenantId = row?.tenant_id as TenantId;
  const sandbox = await startSandboxGateway({ now: world.clock.now });

  async function add(priority: number): Promise<Account> {
    const { token, noticeSecret } = await sandbox.control.merchant({});
    const credentials = { token, noticeSecret, baseUrl: sandbox.url };
    const added = await addAccount(world.sql, {
      ...{ keyring: testKeyring, publicUrl: running.http.url, tenantId, kind: "sandbox", credentials, priority },
      now: world.clock.now(),
    });
    return { accountId: added.accountId, webhookUrl: added.webhookUrl ?? "", token, noticeSecret };
  }

  const buyKey = async () => {
    const [offer] = await world.sql<
      { key: string }[]
    >`SELECT key FROM offer WHERE bot_id = ${bot.botId} ORDER BY id LIMIT 1`;
    return offer?.key ?? "";
  };
  const tapBuy = async (to: Door, chatId: number) => {
    const data = await buyKey();
    const from = { id: chatId, is_bot: false, first_name: "Alice" };
    const chat = { id: chatId, type: "private" };
    await bot.post(to, { callback_query: { id: `tap-${++taps}`, from, data, message: { message_id: 1, chat } } });
  };

  return {
    ...{ bot, tenantId, sandbox, account: await add(10), addAccount: add, buyKey, tapBuy },
    async buy(to, chatId) {
      await tapBuy(to, chatId);
      return until("a charge is shown", async () => {
        const [charge] = await world.sql<{ chargeId: number; orderId: number; gatewayId: string; key: string }[]>`
          SELECT charge.id AS "chargeId", order_id AS "orderId", gateway_id AS "gatewayId", key FROM charge
          JOIN effect ON effect.slot = shown_slot AND effect.row_id = shown_row_id AND effect.state = 'done'
          WHERE charge.bot_id = ${bot.botId} AND charge.chat_id = ${chatId} AND charge.state = 'pending' ORDER BY charge.id DESC LIMIT 1`;
        return charge;
      });
    },
    [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose](),
  };
}
