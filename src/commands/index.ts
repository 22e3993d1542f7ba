// LIST of commands, as the help shows them.

import { alerts } from "./alerts.ts";
import { alertsAck } from "./alerts-ack.ts";
import { alertsTest } from "./alerts-test.ts";
import { botAdd } from "./bot-add.ts";
import { botWebhook } from "./bot-webhook.ts";
import { broadcast } from "./broadcast.ts";
import type { Command } from "./command.ts";
import { demo } from "./demo.ts";
import { doctor } from "./doctor.ts";
import { fakeTelegram } from "./fake-telegram.ts";
import { gatewayAdd } from "./gateway-add.ts";
import { gatewayClose } from "./gateway-close.ts";
import { gatewayList } from "./gateway-list.ts";
import { gatewayOpen } from "./gateway-open.ts";
import { keysReseal } from "./keys-reseal.ts";
import { logs } from "./logs.ts";
import { migrateCommand } from "./migrate.ts";
import { refund } from "./refund.ts";
import { sandboxGateway } from "./sandbox-gateway.ts";
import { serve } from "./serve.ts";
import { tenantAdd } from "./tenant-add.ts";
import { tenantSet } from "./tenant-set.ts";
import { trace } from "./trace.ts";

export const commands: readonly Command[] = [
  serve,
  demo,
  migrateCommand,
  doctor,
  logs,
  tenantAdd,
  tenantSet,
  botAdd,
  gatewayAdd,
  gatewayList,
  gatewayClose,
  gatewayOpen,
  botWebhook,
  // The longer words first: the shorter ones would take them for their own.
  alertsTest,
  alertsAck,
  alerts,
  trace,
  refund,
  broadcast,
  keysReseal,
  fakeTelegram,
  sandboxGateway,
];
