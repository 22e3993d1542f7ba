// The name of a step, as sellers write it.

import { Type } from "@sinclair/typebox";

/** The name of a step, unique in its funnel. */
export function stepId(title: string) {
  const rule = "deve ter só letras minúsculas sem acento, números e hífens, até 40";
  return Type.String({ title, pattern: "^[a-z0-9-]{1,40}$", rule });
}
