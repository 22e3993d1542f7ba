// What somebody is sent who has paid: the thanks, the product itself, and the address where it also is.

import type { LinkButton } from "../funnel/button.ts";
import { type Deliver, readDeliver } from "../funnel/deliver.ts";
import { joinTexts } from "../funnel/formatted.ts";
import type { FormattedText } from "../funnel/html.ts";
import { parseHtml } from "../funnel/html.ts";
import { isButtonLink } from "../funnel/link.ts";
import type { Say } from "../funnel/say.ts";
import type { SealedFunnel } from "../funnel/seal.ts";
import { type TextValues, textOf } from "../funnel/texts.ts";
import { fillVariables } from "../funnel/variables.ts";
import type { Effect } from "../kernel/effect.ts";
import type { Bought } from "../kernel/fact.ts";
import { type Named, namesOf, sendsOf, walkFrom } from "./walk-from.ts";

export type Paid = Bought & Named & { deliver: unknown; url: string | null; isAgain: boolean };

/**
 * The messages, each a delivery, and the step where a delivered sequence ends (null: there is none). `funnel`: the version that sold it.
 * Somebody whose product cannot be sent from here, because the step or the kind of it is unknown, is told what to do.
 */
export function deliverySends(
  paid: Paid,
  funnel: SealedFunnel | undefined,
  values: TextValues,
): { sends: Effect[]; at: string | null } {
  const deliver = readDeliver(paid.deliver);
  const link = deliver !== undefined && "link" in deliver ? deliver.link : (paid.url ?? "");
  const thanks: Say = {
    text: textOf(funnel, paid.isAgain ? "paidAgain" : "paid", { ...values, link }),
    linkPreview: false,
  };
  const product = productSends(deliver, paid, funnel);
  const says = paid.url === null ? [] : [elsewhere(paid.url)];
  if (product.sends.length === 0 && says.length === 0) says.push({ text: plain(comesLater(paid)) });
  return {
    sends: [...sendsOf([thanks], "delivery"), ...product.sends, ...sendsOf(says, "delivery")],
    at: product.at,
  };
}

function productSends(
  deliver: Deliver | undefined,
  person: Named,
  funnel: SealedFunnel | undefined,
): { sends: Effect[]; at: string | null } {
  if (deliver === undefined) return { sends: [], at: null };
  if ("step" in deliver) {
    const walked = funnel && walkFrom(funnel, deliver.step, person, "delivery");
    return walked && walked.sends.length > 0 ? walked : { sends: [], at: null };
  }
  return { sends: sendsOf([productSay(deliver, person)], "delivery"), at: null };
}

function productSay(deliver: Exclude<Deliver, { step: string }>, person: Named): Say {
  if ("link" in deliver) {
    const text = joinTexts([bold("🔗 Seu acesso:"), plain(deliver.link)], "\n");
    return { text, linkPreview: false, ...linkButton("Acessar", deliver.link) };
  }
  return {
    ...("media" in deliver && { media: deliver.media }),
    ...(deliver.text !== undefined && { text: parseHtml(fillVariables(deliver.text, namesOf(person))) }),
  };
}

/** Its preview is hidden: Telegram would open an address that may be meant for one person once. */
function elsewhere(url: string): Say {
  const text = plain(`Se algo não abrir, seu acesso também está aqui: ${url}`);
  return { text, linkPreview: false, ...linkButton("Abrir meu acesso", url) };
}

function comesLater({ order }: Bought): string {
  return `Seu acesso será enviado por quem vende. Se demorar, escreva aqui com o número: pedido nº ${order}.`;
}

/** An address that Telegram takes for no link would cost the whole message. */
export function linkButton(text: string, url: string): { buttons?: LinkButton[][] } {
  return isButtonLink(url) ? { buttons: [[{ text, url }]] } : {};
}

export function bold(text: string): FormattedText {
  return { text, entities: [{ type: "bold", offset: 0, length: text.length }] };
}

export function plain(text: string): FormattedText {
  return { text, entities: [] };
}
