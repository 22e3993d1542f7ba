// LIST of gateways.

import type { Gateway } from "./gateway.ts";

export const gateways: readonly Gateway[] = [];

export function findGateway(kind: string): Gateway | undefined {
  return gateways.find((gateway) => gateway.kind === kind);
}
