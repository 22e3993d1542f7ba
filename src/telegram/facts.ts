// What a fact leads to: the messages that tell a person what became of his charge or order. Pure, like decide.ts.

import { dateOf, validityOf } from "../funnel/dates.ts";
import { joinTexts } from "../funnel/formatted.ts";
import type { FormattedText } from "../funnel/html.ts";
import { isButtonLink } from "../funnel/link.ts";
import type { Say } from "../funnel/say.ts";
import type { SealedFunnel } from "../funnel/seal.ts";
import { type TextName, type TextValues, textOf } from "../funnel/texts.ts";
import type { Effect, SendBody } from "../kernel/effect.ts";
import type { Bought, Currency, Fact, FactKind } from "../kernel/fact.ts";
import { type Cents, formatReais } from "../kernel/money.ts";
import { chargeButtons, editCall, invoiceCall, pixSays } from "./charge-messages.ts";
import { bold, deliverySends, plain } from "./delivery.ts";
import { namesOf, sendsOf } from "./walk-from.ts";

/** `funnel`: the version that sold it, for its texts and a delivered sequence; undefined = not known any more, then our own texts. */
export type FactScene = { funnel: SealedFunnel | undefined; now: Date };

/** `at`: the step where a delivered sequence ends, so where the person then stands; null = he stays where he is. */
export type FactDecision = { effects: Effect[]; at: string | null };

type FactOf<Kind extends FactKind> = Extract<Fact, { kind: Kind }>;
type Sold = Fact & Bought;

/** As many of the newest orders have a button that opens them. */
const ORDER_BUTTONS = 20;
const AGAIN = "🔄 Gerar novo PIX";

/** The messages that tell it, in order: deliveries for what was paid, replies for everything else. */
export function decideFact(fact: Fact, scene: FactScene): FactDecision {
  if (fact.kind === "order.paid") return paid(fact, scene);
  return { effects: effectsOf(fact, scene), at: null };
}

function effectsOf(fact: Exclude<Fact, { kind: "order.paid" }>, scene: FactScene): Effect[] {
  switch (fact.kind) {
    case "charge.ready":
      return ready(fact, scene);
    case "charge.failed":
      return tell(fact, "failed", scene, { buttons: [[{ text: "🔄 Tentar de novo", callback: fact.again }]] });
    case "charge.pending":
      return pending(fact, scene);
    case "charge.expired":
      return expired(fact, scene);
    case "charge.held":
      return tell(fact, "held", scene, {}, { pago: amountOf(fact.paid, fact.currency) });
    case "order.refunded":
      return tell(fact, fact.byBank ? "refundedByBank" : "refunded", scene);
    case "payer.ask":
      return tell(fact, QUESTIONS[`${fact.field} ${fact.wasWrong}`], scene);
    case "orders":
      return sendsOf([orders(fact, scene)]);
  }
}

const QUESTIONS = {
  "cpf false": "askCpf",
  "cpf true": "wrongCpf",
  "email false": "askEmail",
  "email true": "wrongEmail",
} as const satisfies Record<string, TextName>;

function ready(fact: FactOf<"charge.ready">, scene: FactScene): Effect[] {
  if (fact.invoice !== null) return [reply(invoiceCall(fact, fact.invoice))];
  // Nothing to be paid with: what a customer can do about it is what he can do when none was made.
  if (fact.brCode === null) return tell(fact, "failed", scene);
  const text = textOf(scene.funnel, "charge", {
    ...valuesOf(fact),
    ...{ pix: fact.brCode, validade: validityOf(fact.expiresAt, scene.now) },
  });
  return sendsOf(pixSays(fact.brCode, text, fact.legalNotice, chargeButtons(fact.brCode, fact.key)));
}

function pending(fact: FactOf<"charge.pending">, scene: FactScene): Effect[] {
  const more = { pix: fact.brCode ?? "", validade: validityOf(fact.expiresAt, scene.now) };
  const buttons = chargeButtons(fact.brCode, fact.key);
  return tell(fact, fact.brCode === null ? "pendingStars" : "pending", scene, { buttons }, more);
}

function expired(fact: FactOf<"charge.expired">, scene: FactScene): Effect[] {
  const buttons = [[{ text: fact.currency === "BRL" ? AGAIN : "🔄 Gerar nova cobrança", callback: fact.again }]];
  const message = messageOf(fact);
  if (message === null) return tell(fact, "expired", scene, { buttons });
  return [reply(editCall(message, textOf(scene.funnel, "expired", valuesOf(fact)), buttons))];
}

function paid(fact: FactOf<"order.paid">, { funnel }: FactScene): FactDecision {
  const values = valuesOf(fact);
  const message = fact.isAgain ? null : messageOf(fact);
  const edits = message === null ? [] : [reply(editCall(message, textOf(funnel, "paidEdit", values)))];
  const { sends, at } = deliverySends(fact, funnel, values);
  return { effects: [...edits, ...sends], at };
}

/** The message to be edited. An invoice of Telegram's has neither text nor caption: it says by itself that it is paid. */
function messageOf({ currency, message }: FactOf<"charge.expired" | "order.paid">) {
  return currency === "XTR" ? null : message;
}

function orders(fact: FactOf<"orders">, { funnel }: FactScene): Say {
  if (fact.orders.length === 0) return { text: textOf(funnel, "noOrders", personOf(fact)) };
  const lines = fact.orders.map(({ order, product, amount, currency, state, at }) => {
    const second = `${amountOf(amount, currency)} · ${STATES[state]} · ${dateOf(at)}`;
    return joinTexts([bold(`nº ${order}`), plain(` ${product}\n${second}`)]);
  });
  const open = fact.orders.flatMap(({ order, url, state }) =>
    state === "paid" && url !== null && isButtonLink(url) ? [[{ text: `🎁 Abrir pedido nº ${order}`, url }]] : [],
  );
  const text = joinTexts([textOf(funnel, "orders", personOf(fact)), ...lines], "\n\n");
  return { text, linkPreview: false, buttons: open.slice(0, ORDER_BUTTONS) };
}

const STATES = { open: "⏳ aguardando pagamento", paid: "✅ pago", refunded: "↩️ devolvido" };

function tell(fact: Sold, name: TextName, scene: FactScene, manner: Say = {}, more: TextValues = {}): Effect[] {
  const text: FormattedText = textOf(scene.funnel, name, { ...valuesOf(fact), ...more });
  return sendsOf([{ text, linkPreview: false, ...manner }]);
}

function reply(body: SendBody): Effect {
  return { kind: "send", policy: "reply", body };
}

function valuesOf(fact: Sold): TextValues {
  const { product, amount, currency, order } = fact;
  return { ...personOf(fact), produto: product, valor: amountOf(amount, currency), pedido: String(order) };
}

function personOf(fact: Fact): TextValues {
  const { firstName, fullName } = namesOf(fact);
  return { primeiro_nome: firstName, nome: fullName };
}

/** "R$ 19,90", or "250 ⭐". */
function amountOf(amount: Cents, currency: Currency): string {
  return currency === "XTR" ? `${amount} ⭐` : formatReais(amount);
}
