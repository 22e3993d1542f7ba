// LIST of gateways.

import { asaas } from "./asaas.ts";
import { bacenPix } from "./bacen-pix.ts";
import type { Gateway } from "./gateway.ts";
import { mercadopago } from "./mercadopago.ts";
import { pushinpay } from "./pushinpay.ts";
import { sandbox } from "./sandbox.ts";
import { sigiloFamily } from "./sigilo-family.ts";
import { syncpay } from "./syncpay.ts";
import { telegramStars } from "./telegram-stars.ts";
import { woovi } from "./woovi.ts";

export const gateways: readonly Gateway[] = [
  pushinpay,
  syncpay,
  sigiloFamily,
  mercadopago,
  bacenPix,
  woovi,
  asaas,
  telegramStars,
  sandbox,
];

export function findGateway(kind: string): Gateway | undefined {
  return gateways.find((gateway) => gateway.kind === kind);
}
