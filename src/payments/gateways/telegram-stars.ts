// Payments in Telegram Stars, through the API of the bot that sells. The charge itself is Telegram's invoice message, which the conversation
// sends with our reference as its payload; the bot's updates tell of the payment, and this adapter answers when somebody asks afterwards.
//
// Documented (core.telegram.org/bots/api, payments-stars): currency XTR, no provider, no data of the payer; getStarTransactions "in
// chronological order", with offset and limit up to 100; a transaction's id is the telegram_payment_charge_id of its payment, and a refund
// has the id of its payment and a `receiver` in place of a `source`; refundStarPayment needs the payer's id.
// Read in source (tdlib/td, StarManager.cpp): for bots the order is ascending, the oldest first, so that the newest page has to be looked for.
// From second hand (tdlib/td issue 3209): CHARGE_ALREADY_REFUNDED was answered for refunds that had just been made. The refusal is therefore
// checked against the transactions. Nothing here was tried against Telegram itself: Stars cost money, and its test servers want an account.

import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { cents } from "../../kernel/money.ts";
import { baseUrl, credentialsOf } from "./credential-fields.ts";
import { type Api, type ChargeKey, defineGateway, GatewayError, type HttpRequest, type Report } from "./gateway.ts";
import { expectShape } from "./read-answer.ts";

const Credentials = credentialsOf({
  baseUrl: baseUrl(
    "Preenchido pelo programa com o endereço do bot que vende; deixe em branco.",
    "Endereço da API do bot",
  ),
});
type StarsApi = Api<Static<typeof Credentials>>;

const Transaction = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 255 }),
  amount: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  date: Type.Integer({ minimum: 0, maximum: 8_640_000_000_000 }),
  source: Type.Optional(Type.Unknown()),
  receiver: Type.Optional(Type.Unknown()),
});
type Transaction = Static<typeof Transaction>;
const Page = Type.Object({ ok: Type.Literal(true), result: Type.Object({ transactions: Type.Array(Transaction) }) });
const Done = Type.Object({ ok: Type.Literal(true), result: Type.Literal(true) });
const errorInside = Type.Object({ ok: Type.Literal(false) });
const Payer = Type.Object({
  type: Type.Literal("user"),
  user: Type.Object({ id: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }) }),
  invoice_payload: Type.Optional(Type.String()),
});

const PAGE = 100;
/** A payment is asked about within days of its invoice: so many of the newest transactions are looked through … */
const PAGES_FOR_STATUS = 10;
/** … but what is given back may be older. */
const PAGES_FOR_REFUND = 100;

export const telegramStars = defineGateway<typeof Credentials>({
  kind: "telegram_stars",
  name: "Telegram Stars",
  // The caller names the bot that sells; without it there is nobody to ask.
  baseUrl: "https://bot.invalid",
  currency: "XTR",
  credentials: Credentials,
  needs: [],
  minAmount: cents(1),
  expirySeconds: null,
  // The bot hears of payments by itself; asking takes several calls and is only for what was missed.
  askEverySeconds: 300,
  findsByReference: true,
  noticesPerCharge: false,
  splits: false,
  throughBot: true,
  headers: () => ({}),

  /** Nothing to check: the account is the bot, whose token was tried when it was added. */
  check: async () => {},

  /** Calls nothing: it exists once the conversation has sent the invoice, and has no id before it is paid. */
  charge: async () => ({ gatewayId: "", brCode: null, expiresAt: null }),

  /** Pending as long as no transaction is about it: Telegram tells of invoices only when they are paid. */
  async status(key, api) {
    const { payment, refund } = await find(key, api, PAGES_FOR_STATUS);
    return reportOf(key, payment, refund);
  },

  async refund({ gatewayId }, api) {
    const key = { gatewayId, reference: "" };
    const { payment, refund } = await find(key, api, PAGES_FOR_REFUND);
    if (refund) return;
    if (!Value.Check(Payer, payment?.source)) throw new GatewayError("refused", "payment_not_among_transactions");
    const json = { user_id: payment.source.user.id, telegram_payment_charge_id: gatewayId };
    try {
      const answer = await ask(api, { method: "POST", path: "/refundStarPayment", json, creates: true });
      expectShape(answer, { shape: Done, errorInside, creates: true });
    } catch (error) {
      const isRefused = error instanceof GatewayError && error.meaning === "refused";
      if (!isRefused || !(await find(key, api, 1)).refund) throw error;
    }
  },

  webhook: {
    // Stars come through the bot's own updates: whoever posts a notice of them invented it.
    verify: () => "forged",
    read: () => [],
  },
});

type Found = { payment?: Transaction; refund?: Transaction };

/** What the newest `pages` pages hold about a charge. A refund is newer than its payment, so the search ends at the payment. */
async function find(key: ChargeKey, api: StarsApi, pages: number): Promise<Found> {
  const read = readerOf(api);
  const found: Found = {};
  const last = await lastPage(read);
  for (let page = last; page >= 0 && page > last - pages; page--) {
    for (const one of (await read(page)).toReversed()) {
      if (one.receiver !== undefined && one.id === key.gatewayId) found.refund ??= one;
      if (isPaymentOf(one, key)) return { ...found, ...(await withRefund(read, one, found, { page, last })) };
    }
  }
  return found;
}

/** Who asks by our reference learns the id only with the payment: what is newer is looked through once more for its refund. */
async function withRefund(
  read: Reader,
  payment: Transaction,
  { refund }: Found,
  { page, last }: { page: number; last: number },
): Promise<Found> {
  for (let newer = page; newer <= last && !refund; newer++)
    refund = (await read(newer)).find(({ id, receiver }) => id === payment.id && receiver !== undefined);
  return { payment, ...(refund && { refund }) };
}

function isPaymentOf({ id, source }: Transaction, { gatewayId, reference }: ChargeKey): boolean {
  if (!Value.Check(Payer, source)) return false;
  return gatewayId === null ? source.invoice_payload === reference : id === gatewayId;
}

type Reader = (page: number) => Promise<Transaction[]>;

/** Reads a page once for an operation. */
function readerOf(api: StarsApi): Reader {
  const known = new Map<number, Promise<Transaction[]>>();
  return (page) => {
    const reading = known.get(page) ?? readPage(api, page);
    known.set(page, reading);
    return reading;
  };
}

async function readPage(api: StarsApi, page: number): Promise<Transaction[]> {
  const json = { offset: page * PAGE, limit: PAGE };
  const answer = await ask(api, { method: "POST", path: "/getStarTransactions", json });
  return expectShape(answer, { shape: Page, errorInside }).result.transactions;
}

/** The newest page: nothing says how many there are, so it is looked for in steps that double, then by halving. */
async function lastPage(read: Reader): Promise<number> {
  const isFull = async (page: number): Promise<boolean> => (await read(page)).length === PAGE;
  let full = -1;
  let notFull = 0;
  while (await isFull(notFull)) {
    full = notFull;
    notFull = notFull * 2 + 1;
  }
  while (notFull - full > 1) {
    const middle = Math.floor((full + notFull) / 2);
    if (await isFull(middle)) full = middle;
    else notFull = middle;
  }
  // What ends with a full page is followed by an empty one.
  return (await read(notFull)).length === 0 ? full : notFull;
}

/** 404 is Telegram's answer to a token that it does not know, never to a charge. */
async function ask(api: StarsApi, request: HttpRequest): Promise<unknown> {
  try {
    return await api.call(request);
  } catch (error) {
    if (error instanceof GatewayError && error.meaning === "not_found")
      throw new GatewayError("credentials", error.message, { cause: error });
    throw error;
  }
}

function reportOf(key: ChargeKey, payment: Transaction | undefined, refund: Transaction | undefined): Report {
  const one = payment ?? refund;
  const paid = one ? cents(one.amount) : null;
  const payload = Value.Check(Payer, payment?.source) ? payment.source.invoice_payload : undefined;
  return {
    // Empty: it has none before it is paid.
    gatewayId: one?.id ?? key.gatewayId ?? "",
    reference: payload ?? null,
    state: refund ? "refunded" : payment ? "paid" : "pending",
    word: refund ? "refund" : payment ? "invoice_payment" : "no_transaction",
    currency: "XTR",
    amount: paid,
    refunded: refund ? cents(refund.amount) : cents(0),
    fee: null,
    endToEndId: null,
    paidAt: payment ? new Date(payment.date * 1_000) : null,
    brCode: null,
  };
}
