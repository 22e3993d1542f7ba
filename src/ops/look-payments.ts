// Does the money arrive, and what was bought? Undelivered orders, books that do not agree, gateways that fail, notices without proof.

import type { AccountId, OrderId } from "../kernel/ids.ts";
import { cents, formatReais } from "../kernel/money.ts";
import { counted, percentText, type Seen, troubleWith } from "./look.ts";
import type { Readings } from "./readings.ts";

const DELIVERY_MS = 2 * 60_000;
const MOST_ORDERS = 1_000;
const WINDOW_MS = 10 * 60_000;
/** Of so many calls in the window, such a share failed: the gateway is in trouble, not one call. */
const FEWEST_CALLS = 10;
const FAILED_CALLS = 0.2;
/** Charges are fewer, and some are refused for what a customer typed. */
const FEWEST_CHARGES = 3;
const FAILED_CHARGES = 0.5;
/** Notices without proof in the window: gateways' own tests are a handful. */
const MANY_NOTICES = 20;

/** Paid more than two minutes ago, and something of it has not arrived. */
export async function orderUndelivered({ sql, now }: Readings): Promise<Seen> {
  const orders = await sql<{ id: OrderId }[]>`
    SELECT DISTINCT orders.id FROM delivery JOIN orders ON orders.id = delivery.order_id
    WHERE delivery.state IN ('queued', 'failed') AND orders.state = 'paid' AND orders.paid_at < ${new Date(now.getTime() - DELIVERY_MS)}
    ORDER BY orders.id DESC LIMIT ${MOST_ORDERS}`;
  return troubleWith(
    orders,
    ({ id }) => `order:${id}`,
    (named, total) =>
      `${counted(total, "pedido pago", "pedidos pagos")} há mais de 2 min e não ${total === 1 ? "entregue" : "entregues"}: ${named}.`,
    orders.length,
    ({ id }) => `nº ${id}`,
  );
}

/** An account whose last reconciliation left something unexplained. */
export async function centsUnexplained({ sql }: Readings): Promise<Seen> {
  const accounts = await sql<{ id: AccountId; gateway: string; unexplained: number; day: string }[]>`
    SELECT account.id, account.gateway, r.unexplained, to_char(r.day, 'DD/MM') AS day
    FROM reconciliation AS r JOIN gateway_account AS account ON account.id = r.account_id
    WHERE r.unexplained <> 0
      AND (SELECT 1 FROM reconciliation AS later WHERE later.account_id = r.account_id AND later.day > r.day LIMIT 1) IS NULL
    ORDER BY account.id`;
  const amountOf = (account: { gateway: string; unexplained: number }): string =>
    account.gateway === "telegram_stars" ? `${account.unexplained} ⭐` : formatReais(cents(account.unexplained));
  return troubleWith(
    accounts,
    ({ id, day }) => `account:${id}:${day}`,
    (named) => `A conferência com o gateway não fecha: ${named}.`,
    accounts.length,
    (account) => `${amountOf(account)} na conta ${account.id} (${account.gateway}, dia ${account.day})`,
  );
}

/** By kind of gateway, over the last ten minutes: a fifth of the calls failed at the gateway, or half of the charges were not made. */
export async function gatewayFailing({ tallies }: Readings): Promise<Seen> {
  const read = await tallies();
  const rules = [
    { all: "call", failed: "call_failed", fewest: FEWEST_CALLS, share: FAILED_CALLS, words: "chamadas falharam" },
    {
      ...{ all: "charge", failed: "charge_failed", fewest: FEWEST_CHARGES, share: FAILED_CHARGES },
      words: "cobranças não foram geradas",
    },
  ];
  const failing = rules.flatMap((rule) => {
    const [all, failed] = [read(rule.all, WINDOW_MS), read(rule.failed, WINDOW_MS)];
    return [...all].flatMap(([gateway, calls]) => {
      const bad = failed.get(gateway) ?? 0;
      if (calls < rule.fewest || bad < calls * rule.share) return [];
      return [{ gateway, says: `${gateway}: ${bad} de ${calls} ${rule.words} (${percentText(bad / calls)})` }];
    });
  });
  const gateways = new Set(failing.map(({ gateway }) => gateway));
  if (gateways.size === 0) return "fine";
  const sentence = `Gateway com falhas nos últimos 10 min: ${failing.map(({ says }) => says).join("; ")}.`;
  return { things: [...gateways], total: gateways.size, sentence };
}

/** Somebody invents payments, or a gateway's secret is not the one that we were given. */
export async function noticesUnauthenticated({ tallies }: Readings): Promise<Seen> {
  const refused = [...(await tallies())("notice_refused", WINDOW_MS)].filter(([, count]) => count >= MANY_NOTICES);
  return troubleWith(
    refused,
    ([gateway]) => gateway,
    (named) => `Avisos de pagamento sem prova de origem recusados nos últimos 10 min: ${named}.`,
    refused.length,
    ([gateway, count]) => `${gateway} (${count})`,
  );
}
