// LIST of commands, as the help shows them.

import { botAdd } from "./bot-add.ts";
import { botWebhook } from "./bot-webhook.ts";
import { broadcast } from "./broadcast.ts";
import type { Command } from "./command.ts";
import { demo } from "./demo.ts";
import { doctor } from "./doctor.ts";
import { fakeTelegram } from "./fake-telegram.ts";
import { gatewayAdd } from "./gateway-add.ts";
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
  tenantAdd,
  tenantSet,
  botAdd,
  gatewayAdd,
  botWebhook,
  trace,
  refund,
  broadcast,
  fakeTelegram,
  sandboxGateway,
];
