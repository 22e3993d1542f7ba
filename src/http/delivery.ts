// The door for buyers: the page of what was bought, for whoever has its address.

import { Elysia } from "elysia";
import type { App } from "../app.ts";
import { reasonOf } from "../kernel/errors.ts";
import { limits } from "../kernel/limits.ts";
import { type DeliveryPage, readDeliveryPage } from "../payments/delivery-page.ts";
import { page, productPage, saying } from "./delivery-html.ts";

type Door = Pick<App, "sql" | "clock" | "log">;

export function deliveryDoor(app: Door) {
  return new Elysia()
    .get("/delivery/:token", ({ params }) => answer(app, params.token, true), { parse: "none" })
    .head("/delivery/:token", ({ params }) => answer(app, params.token, false), { parse: "none" });
}

/** HEAD is what programs ask, not people: it opens nothing. */
async function answer({ sql, clock, log }: Door, token: string, isVisit: boolean): Promise<Response> {
  try {
    const found = await readDeliveryPage(sql, token, { now: clock.now(), isVisit });
    return page(STATUS[found.is], htmlOf(found), isVisit);
  } catch (error) {
    log.error({ fact: "delivery_page.failed", reason: reasonOf(error) }, "the page of a delivery could not be shown");
    const late = page(
      503,
      saying("Tente de novo", "Não foi possível abrir agora. Tente de novo em instantes."),
      isVisit,
    );
    late.headers.set("retry-after", String(limits.retryAfterSeconds));
    return late;
  }
}

const STATUS: Record<DeliveryPage["is"], number> = { open: 200, unknown: 404, revoked: 410, expired: 410 };

function htmlOf(found: DeliveryPage): string {
  switch (found.is) {
    case "open":
      return productPage(found);
    case "revoked":
      return saying("Acesso encerrado", "O pagamento deste pedido foi devolvido, e o acesso foi encerrado.");
    case "expired":
      return saying("Acesso encerrado", "O prazo deste acesso terminou. Fale com quem vendeu na conversa do bot.");
    default:
      return saying("Página não encontrada", "Confira se o endereço está completo, como ele veio na conversa do bot.");
  }
}
