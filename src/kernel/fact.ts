// LIST of facts: what the other domains tell the conversation. A fact is an inbox row like an update, with a negative update_id, kept in
// the transaction that made it true; it carries all that the message needs, so that the conversation asks nobody.

import type { ChatId } from "./ids.ts";
import type { Cents } from "./money.ts";

export type Currency = "BRL" | "XTR";

/** What somebody buys, as it was when he tapped. `order`: the number that he may quote. */
export type Bought = { order: number; product: string; amount: Cents; currency: Currency };

/** The message in the chat that asks for the payment, when it is known: it is edited as things change. */
export type ChargeMessage = { messageId: number; hasPhoto: boolean };

export type FactBody =
  /** A charge can be paid: by BR Code, or (`invoice`: the payload) by Telegram's own invoice in Stars. `key`: of its verify button. */
  | ({
      kind: "charge.ready";
      key: string;
      brCode: string | null;
      invoice: string | null;
      expiresAt: string;
      legalNotice: string | null;
    } & Bought)
  /** No gateway made a charge. `again`: the key of the button that sold it. */
  | ({ kind: "charge.failed"; again: string } & Bought)
  /** He asked, and it is not paid yet. */
  | ({ kind: "charge.pending"; key: string; brCode: string | null; expiresAt: string } & Bought)
  /** Its time is over. */
  | ({ kind: "charge.expired"; again: string; message: ChargeMessage | null } & Bought)
  /** He paid, but not what was asked for: nothing is delivered, the seller was told. */
  | ({ kind: "charge.held"; paid: Cents } & Bought)
  /**
   * Paid: `deliver` is what the offer promised (src/funnel/deliver.ts), `url` its page. `isAgain`: it was sent before and did not arrive, or he
   * asked for it again. `offer`: the key of the button that sold it. `message`: the payment message to be edited.
   */
  | ({
      kind: "order.paid";
      /** The key of the button that sold it. */
      offer: string;
      deliver: unknown;
      url: string | null;
      isAgain: boolean;
      message: ChargeMessage | null;
    } & Bought)
  /** The money went back: by the seller's will, or by the bank's. */
  | ({ kind: "order.refunded"; byBank: boolean } & Bought)
  /** A gateway needs to know something before it makes a charge. `wasWrong`: what he wrote does not pass its check digits. */
  | ({ kind: "payer.ask"; field: "cpf" | "email"; wasWrong: boolean } & Bought)
  /** What he bought, newest first. */
  | { kind: "orders"; orders: (Bought & { state: "open" | "paid" | "refunded"; at: string; url: string | null })[] };

/** A fact as it is kept: what, and who is told. */
export type Fact = FactBody & { chatId: ChatId; firstName: string; lastName: string | null };
export type FactKind = FactBody["kind"];
