// The messages that ask for a payment: the PIX code with its QR code, Telegram's own invoice, and what they become later.

import { joinTexts } from "../funnel/formatted.ts";
import type { FormattedText } from "../funnel/html.ts";
import type { OwnButton, Say, SayButton } from "../funnel/say.ts";
import { splitText } from "../funnel/text.ts";
import type { SendBody } from "../kernel/effect.ts";
import type { Bought, ChargeMessage } from "../kernel/fact.ts";
import { captionUnits, keyboardOf } from "./message.ts";

/** Telegram's bounds: the text that a button copies, an invoice's title and description. */
const COPY_UNITS = 256;
const TITLE_UNITS = 32;
const DESCRIPTION_UNITS = 255;
/** A BR Code is never longer; what is would give a QR code that no phone reads from a screen. */
const QR_UNITS = 512;

const SHORT_CAPTION: FormattedText = {
  text: "📷 Aponte a câmera do app do seu banco para este QR Code, ou use o código abaixo.",
  entities: [],
};

/**
 * The QR code with the text under it and the buttons. A text that is too long for a caption follows as a message of its own and has the
 * buttons. `notice`: what the gateway obliges the seller to show, set small.
 */
export function pixSays(brCode: string, text: FormattedText, notice: string | null, buttons: SayButton[][]): Say[] {
  const small: FormattedText[] =
    notice === null ? [] : [{ text: notice, entities: [{ type: "italic", offset: 0, length: notice.length }] }];
  const whole = joinTexts([text, ...small], "\n\n");
  if (brCode.length > QR_UNITS) return [{ text: whole, buttons }];
  const media = { kind: "photo", source: { qr: brCode } } as const;
  return whole.text.length <= captionUnits
    ? [{ media, text: whole, buttons }]
    : [
        { media, text: SHORT_CAPTION },
        { text: whole, buttons },
      ];
}

/** The buttons under a charge that can be paid. A code that is too long to be copied by a button is copied from the text. */
export function chargeButtons(brCode: string | null, key: string): OwnButton[][] {
  const copies = brCode !== null && brCode.length <= COPY_UNITS;
  return [
    ...(copies ? [[{ text: "📋 Copiar código PIX", copy: brCode }]] : []),
    [{ text: "✅ Verificar pagamento", callback: key }],
  ];
}

/** Telegram's own invoice in Stars; its pay button is Telegram's. */
export function invoiceCall({ product, order, amount }: Bought, payload: string): SendBody {
  const title = cut(product, TITLE_UNITS);
  const description = cut(`Pedido nº ${order}: ${product}`, DESCRIPTION_UNITS);
  const prices = [{ label: title, amount }];
  return {
    method: "sendInvoice",
    payload: { title, description, payload, currency: "XTR", provider_token: "", prices },
  };
}

/** Gives a message that is in the chat another text and keyboard. What does not fit is cut: the message stays one. */
export function editCall(message: ChargeMessage, formatted: FormattedText, buttons: SayButton[][] = []): SendBody {
  const { messageId, hasPhoto } = message;
  const [part = formatted] = splitText(formatted, hasPhoto ? captionUnits : undefined);
  const { text, entities } = part;
  const markup = { message_id: messageId, ...keyboardOf(buttons) };
  return hasPhoto
    ? { method: "editMessageCaption", payload: { ...markup, caption: text, ...marked("caption_entities", entities) } }
    : { method: "editMessageText", payload: { ...markup, text, ...marked("entities", entities) } };
}

function marked(name: string, entities: FormattedText["entities"]): Record<string, unknown> {
  return entities.length === 0 ? {} : { [name]: entities };
}

/** The text on one line, with its end replaced by an ellipsis when it is longer. */
function cut(text: string, units: number): string {
  const line = text.replace(/\s+/g, " ").trim();
  if (line.length <= units) return line;
  const [start] = splitText({ text: line, entities: [] }, units - 1);
  return `${start?.text ?? ""}…`;
}
