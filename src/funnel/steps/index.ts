// LIST of the kinds of step: the funnel's schema, its check and its types derive from it.

import { messageStep } from "./message.ts";

export const stepKinds = [messageStep] as const;
