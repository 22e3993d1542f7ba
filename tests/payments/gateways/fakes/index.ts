// LIST of the gateways' fakes: each is run through the conformance suite.

import type { GatewayFake } from "../fake.ts";
import { asaasFake } from "./asaas.ts";
import { bacenPixFake } from "./bacen-pix.ts";
import { mercadopagoFake } from "./mercadopago.ts";
import { pushinpayFake } from "./pushinpay.ts";
import { sandboxFake } from "./sandbox.ts";
import { sigiloFamilyFake } from "./sigilo-family.ts";
import { syncpayFake } from "./syncpay.ts";
import { wooviFake } from "./woovi.ts";

export const fakes: readonly GatewayFake[] = [
  pushinpayFake,
  syncpayFake,
  sigiloFamilyFake,
  sandboxFake,
  mercadopagoFake,
  bacenPixFake,
  wooviFake,
  asaasFake,
];
