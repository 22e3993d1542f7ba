// A world with a bot that sells for Telegram Stars, all of whose updates come from the fake Telegram; and what its stories do again and again.

import type { FakeMessage } from "#src/fake-telegram/state.ts";
import type { Funnel } from "#src/funnel/funnel.ts";
import type { TenantId } from "#src/kernel/ids.ts";
import { cents } from "#src/kernel/money.ts";
import { addAccount } from "#src/payments/add-account.ts";
import { ALLOWED_UPDATES } from "#src/telegram/update.ts";
import { untilQuiet } from "./quiet.ts";
import { until } from "./until.ts";
import { openWorld, plainFunnel, type Running, type TestBot, testKeyring, type World } from "./world.ts";

export const STARS = 250;
export const GOODS = "Aqui está o seu curso.";
export const VALID_MINUTES = 30;
const offer = {
  ...{ text: "Quero", product: "Curso", priceCents: cents(1990), priceStars: STARS, validMinutes: VALID_MINUTES },
  deliver: { text: GOODS },
};
export const starsFunnel: Funnel = {
  ...plainFunnel,
  steps: plainFunnel.steps.map((step) => (step.id === "oi" ? { ...step, buttons: [[offer]] } : step)),
};

export const alice = (chatId: number) => ({ id: chatId, first_name: "Alice" });

/** A `successful_payment` or `refunded_payment` as it stands in a message. */
export const starsOf = (payload: string, id: string, amount = STARS) => ({
  ...{ currency: "XTR", total_amount: amount, invoice_payload: payload, telegram_payment_charge_id: id },
});

export type Invoiced = { chatId: number; reference: string; invoice: FakeMessage };
export type StarsShop = Awaited<ReturnType<typeof openStarsShop>>;

export async function openStarsShop() {
  const world = await openWorld();
  const bot = await world.addBot(starsFunnel);
  const server = await world.start();
  const [row] = await world.sql<{ tenant_id: TenantId }[]>`SELECT tenant_id FROM bot WHERE id = ${bot.botId}`;
  const tenantId = row?.tenant_id as TenantId;
  const account = { keyring: testKeyring, publicUrl: undefined, kind: "telegram_stars", credentials: {} };
  await addAccount(world.sql, { ...account, tenantId });
  const shop = { world, bot, server, tenantId, ...doingsIn(world, bot, server), ...rowsOf(world) };
  await shop.listenTo(ALLOWED_UPDATES);
  return shop;
}

let chats = 40_000;
/** A chat of its own for every customer. */
export const nextChat = (): number => ++chats;

function doingsIn(world: World, bot: TestBot, server: Running) {
  const { control, url } = world.fake;
  const { token } = bot;

  /** Calls the Bot API as somebody else with the bot's token would; throws when it refuses. */
  async function callBot(method: string, json: Record<string, unknown>): Promise<void> {
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(json) };
    const answer = (await (await fetch(`${url}/bot${token}/${method}`, init)).json()) as { ok: boolean };
    if (!answer.ok) throw new Error(`${method}: ${JSON.stringify(answer)}`);
  }

  /** Telegram tells of these kinds of updates from now on. */
  const listenTo = (kinds: readonly string[]) =>
    callBot("setWebhook", {
      ...{ url: `${server.http.url}/webhook/telegram/${bot.botId}`, secret_token: bot.secret, allowed_updates: kinds },
    });

  /** Waits for a message in the chat. */
  const shown = (chatId: number, what: string, isIt: (message: FakeMessage) => unknown) =>
    until(what, async () => (await control.messages({ token, chat_id: chatId })).findLast(isIt));

  /** How many messages in the chat hold this text. */
  const countOf = async (chatId: number, text: string) =>
    (await control.messages({ token, chat_id: chatId })).filter((one) => one.text?.includes(text)).length;

  /** A customer who has tapped the buy button and sees the invoice. */
  async function invoiced(): Promise<Invoiced> {
    const chatId = nextChat();
    const person = { token, user: alice(chatId) };
    await control.say({ ...person, text: "/start" });
    const welcome = await shown(chatId, "the welcome", (one) => one.reply_markup);
    const button = String(welcome.reply_markup?.inline_keyboard[0]?.[0]?.text);
    await control.tap({ ...person, message_id: welcome.message_id, button });
    const invoice = await shown(chatId, "the invoice", (one) => one.invoice);
    await untilQuiet(world, server);
    const [charge] = await world.sql`SELECT reference FROM charge WHERE chat_id = ${chatId}`;
    return { chatId, reference: charge?.reference as string, invoice };
  }

  /** One who has paid, too, and has the product. */
  async function paid(): Promise<Invoiced & { paymentId: string }> {
    const customer = await invoiced();
    const { chatId, invoice } = customer;
    const payment = await control.payInvoice({ token, user: alice(chatId), message_id: invoice.message_id });
    if (!payment.paid) throw new Error(payment.error_message);
    await until("the delivery", async () => {
      const [row] = await world.sql`SELECT 1 FROM delivery WHERE chat_id = ${chatId} AND state = 'sent'`;
      return row;
    });
    await untilQuiet(world, server);
    return { ...customer, paymentId: payment.telegram_payment_charge_id };
  }

  return { callBot, listenTo, shown, countOf, invoiced, paid };
}

function rowsOf({ sql }: World) {
  return {
    chargeOf: async (reference: string) => (await sql`SELECT * FROM charge WHERE reference = ${reference}`)[0],
    deliveriesIn: async (chatId: number) =>
      (await sql`SELECT state FROM delivery WHERE chat_id = ${chatId}`).map(({ state }) => state as string),
    transfersOf: async (reference: string) => [
      ...(await sql`
        SELECT kind, debit, credit, t.amount, t.currency FROM transfer AS t JOIN charge ON charge.id = charge_id
        WHERE reference = ${reference} ORDER BY t.id`),
    ],
  };
}
