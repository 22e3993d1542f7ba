// LIST of alerts: what is looked at, how long it must hold before it fires, what to do about it, and what is said once it is over. What is
// wrong, with the figures, is said by the look. Each has a chapter of its name in docs/operations.md.

import { connectionsPerProcess } from "../kernel/limits.ts";
import type { Seen } from "./look.ts";
import { botTokenRevoked, webhookFailing, webhookStolen } from "./look-bots.ts";
import { clockSkew, databaseConnections, databaseDisk } from "./look-database.ts";
import { queueOld, queueWithoutWorker, startUnanswered, welcomeRatioLow } from "./look-line.ts";
import { centsUnexplained, gatewayFailing, noticesUnauthenticated, orderUndelivered } from "./look-payments.ts";
import { redisDown, redisMemory, redisPolicy } from "./look-redis.ts";
import type { Readings } from "./readings.ts";

export type Alert = {
  /** Stable: in rows, in messages, in the runbook. */
  name: string;
  title: string;
  /** Seconds. A look that has a time of its own in it (a minute without an answer) need not hold any longer. */
  holdSeconds: number;
  /** What it cannot be seen without. */
  asks: "database" | "redis";
  look: (readings: Readings) => Promise<Seen>;
  remedy: string;
  over: string;
};

/** Whoever asks PostgreSQL finds out by himself that it does not answer. */
const seenByAsking = async (): Promise<Seen> => "fine";

export const alerts: readonly Alert[] = [
  {
    ...{ name: "database_down", title: "PostgreSQL fora do ar", holdSeconds: 15, asks: "database" },
    look: seenByAsking,
    remedy:
      "Veja `systemctl status postgresql` e o log dele: sem ele nada é aceito, e o Telegram e os gateways guardam o que chega e tentam de novo.",
    over: "O PostgreSQL voltou a responder.",
  },
  {
    ...{ name: "database_disk", title: "disco do PostgreSQL", holdSeconds: 0, asks: "database" },
    look: databaseDisk,
    remedy: "Abra espaço ou aumente o disco; `du -xhd1 /var` mostra quem o ocupa.",
    over: "O disco do PostgreSQL tem espaço de novo.",
  },
  {
    ...{ name: "database_connections", title: "conexões do PostgreSQL", holdSeconds: 30, asks: "database" },
    look: databaseConnections,
    remedy: `Aumente max_connections (${connectionsPerProcess} por processo e folga) ou pare quem mais usa o servidor: veja pg_stat_activity.`,
    over: "O PostgreSQL tem conexões livres de novo.",
  },
  {
    ...{ name: "redis_down", title: "Redis fora do ar", holdSeconds: 15, asks: "redis" },
    look: redisDown,
    remedy: "Veja `systemctl status redis-server` e o log dele; as vendas continuam sem ele, com as filas mais lentas.",
    over: "O Redis voltou a responder.",
  },
  {
    ...{ name: "redis_policy", title: "política do Redis", holdSeconds: 0, asks: "redis" },
    look: redisPolicy,
    remedy:
      "Ponha `maxmemory-policy noeviction` no redis.conf e rode `redis-cli CONFIG SET maxmemory-policy noeviction`.",
    over: "O Redis não apaga mais nada sozinho (noeviction).",
  },
  {
    ...{ name: "redis_memory", title: "memória do Redis", holdSeconds: 30, asks: "redis" },
    look: redisMemory,
    remedy: "Aumente maxmemory, ou descubra a fila que cresce com `redis-cli --bigkeys` e o processo dela que parou.",
    over: "O Redis tem memória livre de novo.",
  },
  {
    ...{ name: "queue_without_worker", title: "fila sem processo", holdSeconds: 30, asks: "redis" },
    look: queueWithoutWorker,
    remedy:
      "Inicie o processo da fila, por exemplo `systemctl start grimbots-worker@gateway`, e veja por que parou no journal.",
    over: "Todas as filas têm quem as atenda.",
  },
  {
    ...{ name: "queue_old", title: "fila atrasada", holdSeconds: 20, asks: "redis" },
    look: queueOld,
    remedy: "Veja em `journalctl -u 'grimbots-worker@*'` o que segura os processos dessa fila, e inicie mais um deles.",
    over: "As filas estão em dia.",
  },
  {
    ...{ name: "start_unanswered", title: "/start sem resposta", holdSeconds: 0, asks: "database" },
    look: startUnanswered,
    remedy: "Veja `grimbots doctor` e os fatos row.later, row.failed e effect.postponed no journal.",
    over: "Todo /start foi respondido.",
  },
  {
    ...{ name: "welcome_ratio_low", title: "boas-vindas abaixo de 98%", holdSeconds: 30, asks: "database" },
    look: welcomeRatioLow,
    remedy:
      "Veja em /metrics se o Telegram recusa os envios (grimbots_telegram_call_seconds) e em `grimbots doctor` o resto.",
    over: "As boas-vindas voltaram ao normal.",
  },
  {
    ...{ name: "webhook_stolen", title: "webhook de outro", holdSeconds: 0, asks: "database" },
    look: webhookStolen,
    remedy: "Rode `grimbots bot webhook --bot N`; se mudar de novo, alguém tem o token: troque-o no @BotFather.",
    over: "Os webhooks apontam para este servidor.",
  },
  {
    ...{ name: "webhook_failing", title: "webhook com erros", holdSeconds: 30, asks: "database" },
    look: webhookFailing,
    remedy: "Abra PUBLIC_URL de fora, veja o certificado e o proxy, e se `grimbots serve` está no ar.",
    over: "O Telegram voltou a entregar as mensagens.",
  },
  {
    ...{ name: "bot_token_revoked", title: "token revogado", holdSeconds: 0, asks: "database" },
    look: botTokenRevoked,
    remedy: "Peça ao dono um token novo do @BotFather e rode `grimbots bot add` com ele.",
    over: "Nenhum bot está com o token revogado.",
  },
  {
    ...{ name: "order_undelivered", title: "pedido pago e não entregue", holdSeconds: 0, asks: "database" },
    look: orderUndelivered,
    remedy:
      "Veja `grimbots trace N` para cada pedido; a entrega é refeita quando o cliente volta ao bot, ou devolva com `grimbots refund N`.",
    over: "Todos os pedidos pagos foram entregues.",
  },
  {
    ...{ name: "cents_unexplained", title: "conferência não fecha", holdSeconds: 0, asks: "database" },
    look: centsUnexplained,
    remedy: "Compare as cobranças listadas em `GET /api/v1/reconciliations` com o painel do gateway.",
    over: "As conferências com os gateways fecham.",
  },
  {
    ...{ name: "gateway_failing", title: "gateway com falhas", holdSeconds: 30, asks: "database" },
    look: gatewayFailing,
    remedy: "Veja a página de status do gateway; com outra conta cadastrada as vendas já vão por ela.",
    over: "Os gateways voltaram a responder.",
  },
  {
    ...{ name: "notices_unauthenticated", title: "avisos sem prova", holdSeconds: 0, asks: "database" },
    look: noticesUnauthenticated,
    remedy:
      "Confira o segredo do webhook no painel do gateway; se não é ele, são falsos: nenhum é aceito, bloqueie a origem no proxy.",
    over: "Não chegam mais avisos sem prova.",
  },
  {
    ...{ name: "clock_skew", title: "relógio errado", holdSeconds: 30, asks: "database" },
    look: clockSkew,
    remedy: "Ligue o NTP nas duas máquinas: `timedatectl set-ntp true`, e confira com `timedatectl`.",
    over: "Os relógios estão de acordo.",
  },
];

export const findAlert = (name: string): Alert | undefined => alerts.find((alert) => alert.name === name);
