// What a payment's facts and alerts say of it. Pure.

import type { Bought, FactBody } from "../kernel/fact.ts";
import { type Cents, formatReais } from "../kernel/money.ts";
import type { Charge, Order, Payment } from "./payment.ts";
import type { NewAlert, NewFact } from "./save.ts";

/** An order as the customer knows it, at the price that this charge asks for. */
export function boughtOf(order: Order, { amount, currency }: Pick<Charge, "amount" | "currency">): Bought {
  const product = order.items.map((item) => item.product).join(" + ");
  return { order: order.id, product, amount, currency };
}

/** A fact for the customer of an order. */
export function tell(
  { order, person }: Pick<Payment, "order" | "person">,
  body: FactBody,
  rest: Omit<NewFact, "body"> = {},
): NewFact {
  return { body: { ...body, chatId: order.chatId, ...person }, ...rest };
}

/** The button that sells the order's first item again. */
export const againKey = ({ items }: Order): string => items[0]?.key ?? "";

export function amountText(amount: Cents, currency: string): string {
  return currency === "BRL" ? formatReais(amount) : `${amount} ⭐`;
}

/** Sentences for the seller, in his language. */
const SENTENCES = {
  short: () => "entrou menos do que o preço: o produto não foi entregue. Devolva o valor ou combine com o cliente.",
  currency: () => "entrou em outra moeda: o produto não foi entregue. Devolva o valor ou combine com o cliente.",
  over: () => "entrou mais do que o preço: o produto foi entregue; a diferença é do cliente.",
  twice: ({ order }: About) =>
    order.state === "paid"
      ? "foi pago duas vezes: o segundo pagamento deve ser devolvido."
      : "foi pago outra vez depois de devolvido: este pagamento deve ser devolvido, nada foi entregue por ele.",
  refunded_before: () => "foi pago e devolvido antes que o pagamento fosse visto: nada foi entregue.",
  partly_refunded: ({ charge }: About) =>
    charge.state === "held"
      ? "foi devolvido em parte: nada tinha sido entregue."
      : "foi devolvido em parte: o acesso continua valendo.",
  refunded: (about: About) => `foi devolvido por inteiro: ${accessAfter(about)}.`,
  chargeback: (about: About) => `foi contestado no banco (MED ou chargeback): ${accessAfter(about)}.`,
  chargeback_after_refund: () =>
    "foi contestado no banco depois de devolvido: você pode perder o valor duas vezes. Responda à contestação no painel do gateway.",
  paid_after_refund: () => "aparece como pago no gateway depois de ter sido devolvido; confira no painel do gateway.",
  strange_word: () => "tem no gateway uma situação que este programa não conhece; confira no painel do gateway.",
  no_amount: () => "aparece como pago, mas o gateway não diz o valor: nada foi entregue. Confira no painel do gateway.",
  other_charge: () => "recebeu do gateway uma resposta sobre outra cobrança; nada mudou. Confira no painel do gateway.",
  lost: () => "pode existir no gateway sem que tenhamos a confirmação; confira no painel do gateway se foi pago.",
} as const;

type About = Pick<Payment, "order" | "charge" | "hasOtherPaid">;
export type AlertKind = keyof typeof SENTENCES;

function accessAfter({ charge, order, hasOtherPaid }: About): string {
  if (charge.state !== "paid" || order.state !== "paid") return "nada tinha sido entregue por ele";
  if (hasOtherPaid) return "o acesso continua valendo pelo outro pagamento";
  return "o acesso foi encerrado";
}

/** `mark`: what makes it news although the same kind was told of this charge before, such as the sum so far. */
export function alertOf(kind: AlertKind, payment: About, mark?: number): NewAlert {
  const { order, charge } = payment;
  const what = `O pedido nº ${order.id} (${amountText(charge.amount, charge.currency)}, ${charge.gateway})`;
  const about = mark === undefined ? `charge:${charge.id}` : `charge:${charge.id}:${mark}`;
  return { tenantId: order.tenantId, kind: `charge.${kind}`, about, sentence: `${what} ${SENTENCES[kind](payment)}` };
}
