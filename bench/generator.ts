// The load generator, a process of its own: takes orders from the benchmark that started it, and ends with it.

import { measureClock } from "./clock-offset.ts";
import { type Driven, type DriveOrder, drive } from "./drive.ts";
import { type HttpClient, openHttpClient } from "./http-client.ts";
import { type Failed, obeyOrders } from "./orders.ts";
import { type BenchBot, requestsOf, type Sort } from "./start-request.ts";

export type Order =
  | { kind: "aim"; url: string; bots: BenchBot[]; connections: number }
  | { kind: "clock"; fakeUrl: string; token: string }
  | ({ kind: "drive" } & DriveOrder);

export type Report =
  | { kind: "aimed" }
  | { kind: "clock"; aheadMs: number; withinMs: number }
  | { kind: "driven"; driven: Driven }
  | Failed;

let client: HttpClient | undefined;
let requestOf: ((sort: Sort) => ReturnType<typeof requestsOf>) | undefined;

async function obey(order: Order): Promise<Report> {
  if (order.kind === "clock") return { kind: "clock", ...(await measureClock(order.fakeUrl, order.token)) };
  if (order.kind === "aim") {
    client?.close();
    client = openHttpClient(order.url, order.connections);
    requestOf = (sort) => requestsOf(order.url, order.bots, sort);
    return { kind: "aimed" };
  }
  if (!client || !requestOf) throw new Error("drive before aim");
  return { kind: "driven", driven: await drive(client, requestOf(order.sort ?? "start"), order) };
}

obeyOrders(obey);
