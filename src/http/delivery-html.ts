// The pages behind a delivery's address, as the buyer reads them: one document, nothing loaded from anywhere, nothing that runs.

import { createHash } from "node:crypto";
import { type Deliver, readDeliver } from "../funnel/deliver.ts";
import { escapeHtml, parseHtml } from "../funnel/html.ts";
import { isHttpsLink } from "../funnel/link.ts";
import { fillVariables } from "../funnel/variables.ts";
import type { DeliveryPage } from "../payments/delivery-page.ts";
import { htmlOf, linkTo } from "./delivery-text.ts";

export type Open = Extract<DeliveryPage, { is: "open" }>;

const STYLE = [
  ":root{color-scheme:light dark}",
  "*{box-sizing:border-box}",
  "body{margin:0;padding:24px 16px;font:17px/1.5 system-ui,sans-serif;background:#f4f5f7;color:#16181d}",
  "main{max-width:34rem;margin:0 auto;padding:24px 20px;background:#fff;border-radius:16px}",
  "h1{margin:0 0 4px;font-size:1.4rem;line-height:1.25;overflow-wrap:anywhere}",
  ".order{margin:0 0 20px;color:#5b6170}",
  ".product{white-space:pre-wrap;overflow-wrap:anywhere;margin:0 0 20px}",
  ".button{display:block;margin:0 0 16px;padding:14px 16px;border-radius:12px;background:#1769e0;color:#fff;font-weight:600;text-align:center;text-decoration:none}",
  ".address{margin:0 0 16px;font-size:.9rem;color:#5b6170;overflow-wrap:anywhere}",
  "pre{overflow-x:auto;white-space:pre-wrap}",
  "blockquote{margin:0;padding-left:12px;border-left:3px solid #9aa1ad}",
  ".spoiler:not(:hover):not(:focus){color:transparent;background:#9aa1ad;border-radius:4px}",
  "@media(prefers-color-scheme:dark){body{background:#111318;color:#e8eaee}main{background:#1c1f26}.order,.address{color:#a3a9b6}a{color:#7db1ff}.button{color:#fff}}",
].join("");

/** Nothing but the one style above; it is named by its hash, so that no other can be slipped in. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Whoever has the address has the product: it is kept nowhere, told to nobody, and found by no search engine. */
const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": POLICY,
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-robots-tag": "noindex, nofollow, noarchive",
};

/** An answer with a page; `hasBody` false: the same headers, for HEAD. */
export function page(status: number, html: string, hasBody = true): Response {
  const length = { "content-length": String(Buffer.byteLength(html)) };
  return hasBody
    ? new Response(html, { status, headers: HEADERS })
    : new Response(null, { status, headers: { ...HEADERS, ...length } });
}

function documentOf(title: string, inner: string): string {
  const head = [
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="robots" content="noindex, nofollow">',
    '<meta name="referrer" content="no-referrer">',
    `<title>${escapeHtml(title)}</title><style>${STYLE}</style>`,
  ];
  return `<!doctype html>\n<html lang="pt-BR"><head>${head.join("")}</head><body><main>${inner}</main></body></html>\n`;
}

/** A page that says one thing. */
export const saying = (title: string, sentence: string): string =>
  documentOf(title, `<h1>${escapeHtml(title)}</h1><p>${escapeHtml(sentence)}</p>`);

/** The page of what was bought. */
export function productPage(open: Open): string {
  const heading = `<h1>${escapeHtml(open.product)}</h1><p class="order">Pedido nº ${open.orderId}</p>`;
  return documentOf(open.product, heading + contentOf(readDeliver(open.deliver), open));
}

function contentOf(deliver: Deliver | undefined, open: Open): string {
  if (deliver === undefined)
    return `<p>Seu acesso será enviado por quem vende. Se demorar, escreva na conversa com o número do pedido.</p>${chatButton(open)}`;
  if ("link" in deliver) return linkContent(deliver.link);
  if ("step" in deliver) return inChat(open);
  const text = deliver.text === undefined ? "" : textContent(deliver.text, open);
  return "media" in deliver ? text + inChat(open) : text;
}

function linkContent(link: string): string {
  const address = `<p class="address">${escapeHtml(link)}</p>`;
  return isHttpsLink(link) ? linkTo(link, "Acessar", ' class="button"') + address : address;
}

/** As the bot says it: the same names in the same places. */
function textContent(html: string, { firstName, lastName }: Open): string {
  const fullName = [firstName, lastName].filter(Boolean).join(" ");
  return `<div class="product">${htmlOf(parseHtml(fillVariables(html, { firstName, fullName })))}</div>`;
}

const inChat = (open: Open): string => `<p>Seu acesso está na conversa do bot.</p>${chatButton(open)}`;

const chatButton = ({ bot }: Open): string =>
  linkTo(`https://t.me/${encodeURIComponent(bot)}`, "Abrir a conversa", ' class="button"');
