// LIST of effects: what a decision may ask for, with the data each one carries. src/perform.ts says what does it.

/** What to do when an answer was lost: reply and marketing are never repeated, a delivery is (with the same content). */
export type SendPolicy = "reply" | "delivery" | "marketing";

/** A message to be sent: a Bot API method with its parameters, without chat_id; a medium is filled in by the sender. */
export type SendBody = {
  method: string;
  payload: Record<string, unknown>;
  media?: { field: string; source: MediaSource };
  /** The first message after a start: whoever performs it counts the welcome. */
  welcomes?: true;
};

/** `qr`: the text of a QR code that is drawn as it is sent. */
export type MediaSource = { url: string } | { fileId: string } | { asset: string } | { qr: string };

/** What somebody asks of payments in the chat, or Telegram says about Stars. `key`: of the button that was tapped. */
export type PaymentBody =
  | { ask: "checkout" | "verify"; key: string }
  /** What he told about himself, sealed before anybody keeps it. */
  | { ask: "payer"; field: "cpf" | "email"; sealed: string }
  | { ask: "orders" | "redeliver" }
  | { ask: "stars"; payload: string; amount: number; currency: string; paymentId: string; isRefund: boolean };

export type EffectBodies = { send: SendBody; payment: PaymentBody };
export type EffectKind = keyof EffectBodies;

/** An effect as decided; kept under (slot, row, n) of the inbox row that caused it. */
export type Effect = { [Kind in EffectKind]: { kind: Kind; policy: SendPolicy; body: EffectBodies[Kind] } }[EffectKind];
