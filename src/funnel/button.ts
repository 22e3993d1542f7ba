// The three buttons under a message: one sells, one opens an address, one leads to another step.

import { type Static, Type } from "@sinclair/typebox";
import { type Cents, cents, formatReais } from "../kernel/money.ts";
import { isBlank } from "./formatted.ts";
import { isButtonLink } from "./link.ts";
import type { Problem } from "./problem.ts";

const LOWEST_PRICE = cents(1);
const HIGHEST_PRICE = cents(10_000_000);
/** Telegram's bounds for one keyboard. */
const ROW_BUTTONS = 8;
const ALL_BUTTONS = 100;

const priceRule = `deve ser em centavos, sem vírgula, de ${formatReais(LOWEST_PRICE)} a ${formatReais(HIGHEST_PRICE)}`;
const closed = { additionalProperties: false };

const label = Type.String({ title: "o texto", minLength: 1, maxLength: 64 });
const price = Type.Integer({ title: "o preço", minimum: LOWEST_PRICE, maximum: HIGHEST_PRICE, rule: priceRule });

/** The name of a step, unique in its funnel. */
export function stepId(title: string) {
  const rule = "deve ter só letras minúsculas sem acento, números e hífens, até 40";
  return Type.String({ title, pattern: "^[a-z0-9-]{1,40}$", rule });
}

export const BuyButton = Type.Object({ text: label, priceCents: Type.Unsafe<Cents>(price) }, closed);
export const LinkButton = Type.Object(
  { text: label, url: Type.String({ title: "o endereço", maxLength: 2048 }) },
  closed,
);
export const StepButton = Type.Object({ text: label, step: stepId("o passo") }, closed);

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
  const problems = rows.flatMap((row, r) =>
    row.flatMap((button, b) => oneButtonProblems(button).map((sentence) => ({ path: `${path}/${r}/${b}`, sentence }))),
  );
  if (rows.flat().length > ALL_BUTTONS) problems.push({ path, sentence: `os botões passam de ${ALL_BUTTONS}` });
  return problems;
}

function oneButtonProblems(button: Button): string[] {
  const problems = isBlank(button.text) ? ["o texto não pode ficar em branco"] : [];
  if ("url" in button && !isButtonLink(button.url)) {
    problems.push("o endereço não é um link válido (https://, http:// ou tg://)");
  }
  return problems;
}
