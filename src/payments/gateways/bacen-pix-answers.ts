// What the Central Bank's PIX API answers: the shapes, what a charge's answer means, and the lines of a statement. Pure.

import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { type Cents, cents, fromDecimal } from "../../kernel/money.ts";
import type { Report, ReportState, StatementLine } from "./gateway.ts";
import { dateOrNull, textOrNull } from "./read-answer.ts";

/** A hundred years at most, so that a date stays one. */
const Seconds = Type.Integer({ minimum: 0, maximum: 3_153_600_000 });
export const Txid = Type.String({ pattern: "^[A-Za-z0-9]{1,35}$" });
export const Return = Type.Object({
  valor: Type.Unknown(),
  status: Type.String(),
  natureza: Type.Optional(Type.Unknown()),
  horario: Type.Optional(Type.Unknown()),
});
export const Pix = Type.Object({
  endToEndId: Type.String({ minLength: 1, maxLength: 100 }),
  txid: Type.Optional(Type.Unknown()),
  valor: Type.Unknown(),
  horario: Type.Unknown(),
  devolucoes: Type.Optional(Type.Array(Return)),
});
export const Charge = Type.Object({
  txid: Txid,
  status: Type.String({ minLength: 1, maxLength: 100 }),
  calendario: Type.Object({ criacao: Type.Unknown(), expiracao: Type.Unknown() }),
  valor: Type.Object({ original: Type.Unknown() }),
  pixCopiaECola: Type.Optional(Type.Unknown()),
  pix: Type.Optional(Type.Array(Pix)),
});
export const Created = Type.Composite([Charge, Type.Object({ pixCopiaECola: Type.String({ minLength: 1 }) })]);
export const Listed = Type.Object({
  parametros: Type.Object({ paginacao: Type.Object({ quantidadeDePaginas: Type.Integer() }) }),
  pix: Type.Optional(Type.Array(Pix)),
});
export const Token = Type.Object({
  access_token: Type.String({ minLength: 1 }),
  expires_in: Type.Integer({ minimum: 1 }),
});
/** An error: the standard's form, and Efí's own. */
export const ErrorInside = Type.Union([
  Type.Object({ title: Type.String(), status: Type.Integer() }),
  Type.Object({ nome: Type.String(), mensagem: Type.String() }),
  Type.Object({ error: Type.String() }),
]);

/** `now`: by which a charge that is still ATIVA is over. */
export function reportOf(charge: Static<typeof Charge>, now: Date): Report {
  const received = charge.pix ?? [];
  const amount = received.length > 0 ? sum(received.map(({ valor }) => valor)) : fromDecimal(charge.valor.original);
  const returns = received.flatMap(({ devolucoes }) => devolucoes ?? []);
  const refunded = sum(returns.flatMap(({ status, valor }) => (status === "DEVOLVIDO" ? [valor] : []))) ?? cents(0);
  return {
    gatewayId: charge.txid,
    reference: charge.txid,
    state: stateOf(charge, { returns, isReturned: amount !== undefined && refunded > 0 && refunded >= amount, now }),
    word: charge.status,
    currency: "BRL",
    amount: amount ?? null,
    refunded,
    fee: null,
    endToEndId: received[0]?.endToEndId ?? null,
    paidAt: dateOrNull(received[0]?.horario),
    brCode: textOrNull(charge.pixCopiaECola),
  };
}

type Beside = { returns: Static<typeof Return>[]; isReturned: boolean; now: Date };

/** The standard leaves ATIVA on a charge whose time is over. A refund of the special mechanism (MED) is one that the payer's bank asked for. */
function stateOf(charge: Static<typeof Charge>, { returns, isReturned, now }: Beside): ReportState {
  const end = endOf(charge);
  const isOver = end !== null && end < now;
  if (charge.status === "ATIVA") return isOver ? "expired" : "pending";
  if (charge.status === "REMOVIDA_PELO_USUARIO_RECEBEDOR") return "failed";
  if (charge.status === "REMOVIDA_PELO_PSP") return isOver ? "expired" : "failed";
  if (charge.status !== "CONCLUIDA") return "unknown";
  const isDisputed = returns.some(
    ({ natureza, status }) => typeof natureza === "string" && natureza.startsWith("MED_") && status !== "NAO_REALIZADO",
  );
  if (isDisputed) return "chargeback";
  return isReturned ? "refunded" : "paid";
}

/** When it can no longer be paid. */
export function endOf({ calendario: { criacao, expiracao } }: Static<typeof Charge>): Date | null {
  const begin = dateOrNull(criacao);
  const isSpan = Value.Check(Seconds, expiracao);
  return begin && isSpan ? new Date(begin.getTime() + expiracao * 1_000) : null;
}

/** Undefined when one of them is no amount. */
function sum(amounts: unknown[]): Cents | undefined {
  const read = amounts.map(fromDecimal);
  return read.reduce<Cents | undefined>(
    (total, amount) => (total === undefined || amount === undefined ? undefined : cents(total + amount)),
    cents(0),
  );
}

const keyOf = ({ txid, endToEndId }: Static<typeof Pix>) => ({
  gatewayId: textOrNull(txid) ?? endToEndId,
  reference: textOrNull(txid),
});

/** The line of what came in. */
export function receiptOf(pix: Static<typeof Pix>): StatementLine[] {
  const [amount, at] = [fromDecimal(pix.valor), dateOrNull(pix.horario)];
  return amount && at ? [{ ...keyOf(pix), amount, at }] : [];
}

/** The lines of what was given back. */
export function returnsOf(pix: Static<typeof Pix>): StatementLine[] {
  return (pix.devolucoes ?? []).flatMap(({ status, valor, horario }) => {
    const times = (horario ?? {}) as { solicitacao?: unknown; liquidacao?: unknown };
    const [amount, at] = [fromDecimal(valor), dateOrNull(times.liquidacao) ?? dateOrNull(times.solicitacao)];
    return status === "DEVOLVIDO" && amount && at ? [{ ...keyOf(pix), amount: cents(-amount), at }] : [];
  });
}
