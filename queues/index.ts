// LIST of queues.

import { clock } from "./clock.ts";
import { gateway } from "./gateway.ts";
import { tasks } from "./tasks.ts";
import { webhook } from "./webhook.ts";

export const queueList = [tasks, webhook, gateway, clock] as const;
export type QueueName = (typeof queueList)[number]["name"];
