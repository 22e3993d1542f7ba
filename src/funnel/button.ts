// The three buttons under a message: one sells, one opens an address, one leads to another step.

import { type Static, Type } from "@sinclair/typebox";
import { type Cents, cents, formatReais } from "../kernel/money.ts";
import { Deliver, deliverProblems } from "./deliver.ts";
import { isBlank } from "./formatted.ts";
import { isButtonLink } from "./link.ts";
import type { Problem } from "./problem.ts";
import { stepId } from "./step-id.ts";

const LOWEST_PRICE = cents(1);
const HIGHEST_PRICE = cents(10_000_000);
/** Telegram's bound for one invoice in Stars. */
const HIGHEST_STARS = 100_000;
const SHORTEST_MINUTES = 5;
const LONGEST_MINUTES = 1_440;
/** Telegram's bounds for one keyboard. */
const ROW_BUTTONS = 8;
const ALL_BUTTONS = 100;

const priceRule = `deve ser em centavos, sem vírgula, de ${formatReais(LOWEST_PRICE)} a ${formatReais(HIGHEST_PRICE)}`;
const closed = { additionalProperties: false };

const label = Type.String({ title: "o texto", minLength: 1, maxLength: 64 });
const price = Type.Integer({ title: "o preço", minimum: LOWEST_PRICE, maximum: HIGHEST_PRICE, rule: priceRule });

const product = Type.String({ title: "o nome do produto", minLength: 1, maxLength: 120 });
const stars = Type.Integer({
  ...{ title: "o preço em Stars", minimum: 1, maximum: HIGHEST_STARS },
  rule: `deve ser um número inteiro de 1 a ${HIGHEST_STARS.toLocaleString("pt-BR")}`,
});
const minutes = Type.Integer({
  ...{ title: "a validade", minimum: SHORTEST_MINUTES, maximum: LONGEST_MINUTES },
  rule: `deve ser em minutos, de ${SHORTEST_MINUTES} a ${LONGEST_MINUTES.toLocaleString("pt-BR")}`,
});

/**
 * Sells. `product`: as the customer reads it, the button's text if there is none · `priceStars`: what it costs in Telegram Stars, if it can
 * be bought with them · `validMinutes`: how long its charge can be paid, 30 if nothing is said.
 */
export const BuyButton = Type.Object(
  {
    text: label,
    priceCents: Type.Unsafe<Cents>(price),
    priceStars: Type.Optional(stars),
    product: Type.Optional(product),
    validMinutes: Type.Optional(minutes),
    deliver: Deliver,
  },
  { ...closed, tell: "priceCents" },
);
export const LinkButton = Type.Object(
  { text: label, url: Type.String({ title: "o endereço", maxLength: 2048 }) },
  { ...closed, tell: "url" },
);
export const StepButton = Type.Object({ text: label, step: stepId("o passo") }, { ...closed, tell: "step" });

export const Button = Type.Union([BuyButton, LinkButton, StepButton], {
  title: "o botão",
  rule: "deve ter text e só um destes: priceCents (vende), url (abre um endereço) ou step (leva a um passo)",
});

/** Rows of buttons, as they stand under the message. */
export const Buttons = Type.Array(
  Type.Array(Button, {
    title: "a linha",
    minItems: 1,
    maxItems: ROW_BUTTONS,
    rule: `deve ter de 1 a ${ROW_BUTTONS} botões`,
  }),
  { title: "a lista de botões", maxItems: ALL_BUTTONS, rule: `deve ter até ${ALL_BUTTONS} linhas de botões` },
);

export type BuyButton = Static<typeof BuyButton>;
export type LinkButton = Static<typeof LinkButton>;
export type StepButton = Static<typeof StepButton>;
export type Button = Static<typeof Button>;

/** `key`: the opaque callback_data of a button that Telegram sends back to us, `[A-Za-z0-9_-]{16}`. */
export type KeyedButton = (BuyButton | StepButton) & { key: string };
export type SealedButton = KeyedButton | LinkButton;

/** What the schema cannot see in a message's buttons. */
export function buttonProblems(rows: Button[][], path: string): Problem[] {
  const problems = rows.flatMap((row, r) => row.flatMap((button, b) => oneButtonProblems(button, `${path}/${r}/${b}`)));
  if (rows.flat().length > ALL_BUTTONS) problems.push({ path, sentence: `os botões passam de ${ALL_BUTTONS}` });
  return problems;
}

function oneButtonProblems(button: Button, path: string): Problem[] {
  const problems: Problem[] = isBlank(button.text) ? [{ path, sentence: "o texto não pode ficar em branco" }] : [];
  if ("url" in button && !isButtonLink(button.url)) {
    problems.push({ path, sentence: "o endereço não é um link válido (https://, http:// ou tg://)" });
  }
  if (!("priceCents" in button)) return problems;
  if (button.product !== undefined && isBlank(button.product)) {
    problems.push({ path, sentence: "o nome do produto não pode ficar em branco" });
  }
  return [...problems, ...deliverProblems(button.deliver, `${path}/deliver`)];
}
