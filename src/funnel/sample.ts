// The funnel that a new bot can start with: a welcome, one offer and what it delivers, how it works, and an answer to loose text.

import { cents } from "../kernel/money.ts";
import type { Funnel } from "./funnel.ts";
import { guideEnd, guideMiddle, guideStart } from "./sample-guide.ts";

const welcome = `<b>Oi, {primeiro_nome}! Que bom ter você aqui.</b> 🌿

Preparei o <b>Guia da Rotina Leve</b>: sete dias, dez minutos por dia, para colocar a casa e a cabeça em ordem sem correria.

<blockquote>Você recebe o guia completo aqui mesmo, no Telegram, e pode voltar a ele quando quiser.</blockquote>

Escolha abaixo como quer continuar 👇`;

const howItWorks = `<b>Como funciona?</b>

1️⃣ Toque em <i>Quero o guia</i> e pague por PIX.
2️⃣ Assim que o pagamento é confirmado, o acesso chega nesta conversa.
3️⃣ Faça um passo por dia, no seu ritmo.

Ficou com alguma dúvida? É só escrever aqui.`;

const reply = "Oi, {primeiro_nome}! Recebi a sua mensagem. 💬\n\nPara ver o guia de novo, envie /start.";

const offer = {
  text: "🌿 Quero o guia",
  priceCents: cents(1990),
  product: "Guia da Rotina Leve",
  deliver: { step: "guia" },
};

/** The sample funnel with the uploaded photo of this sha256 (hex). */
export function sampleFunnel(assetSha256: string): Funnel {
  return {
    name: "Boas-vindas",
    start: "boas-vindas",
    reply,
    steps: [
      {
        id: "boas-vindas",
        kind: "message",
        media: { kind: "photo", source: { asset: assetSha256 } },
        text: welcome,
        buttons: [
          [offer],
          [{ text: "Como funciona?", step: "como-funciona" }],
          [{ text: "Dicas de uso do Telegram", url: "https://telegram.org/faq/br" }],
        ],
      },
      {
        id: "como-funciona",
        kind: "message",
        text: howItWorks,
        buttons: [[offer], [{ text: "⬅️ Voltar", step: "boas-vindas" }]],
        linkPreview: false,
      },
      { id: "guia", kind: "message", text: guideStart, next: "guia-dias-4-a-7" },
      { id: "guia-dias-4-a-7", kind: "message", text: guideMiddle, next: "guia-depois" },
      { id: "guia-depois", kind: "message", text: guideEnd },
    ],
  };
}
