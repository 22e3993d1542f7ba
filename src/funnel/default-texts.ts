// LIST of the texts of the sale: what may stand in braces in each one, and what it says when the seller wrote none.

const person = ["primeiro_nome", "nome"] as const;
const bought = [...person, "produto", "valor", "pedido"] as const;

export type Variable = (typeof bought)[number] | "pix" | "validade" | "link" | "pago";

/** `longest`: in UTF-16 units once filled in, where Telegram's bound is narrower than ours · `isToast`: plain, shown over the chat. */
export type TextDefinition = { variables: readonly Variable[]; text: string; longest?: number; isToast?: true };

/** Telegram's bounds: a caption, which the edited message has; a notice over the chat. */
const CAPTION_UNITS = 1024;
const TOAST_UNITS = 200;

export const defaultTexts = {
  /** The message that asks for the payment, under its QR code. */
  charge: {
    variables: [...bought, "pix", "validade"],
    text: `<b>Seu PIX está pronto!</b> 💚

🎯 <b>Produto:</b> {produto}
💰 <b>Valor:</b> {valor}
⏰ <b>Válido até</b> {validade}
🧾 Pedido nº {pedido}

📱 <b>PIX copia e cola</b> (toque no código para copiar):
<code>{pix}</code>

Pague no app do seu banco e volte para cá: assim que o pagamento for confirmado, seu acesso chega nesta conversa. ✨`,
  },
  /** While the charge is being made. */
  generating: { variables: person, isToast: true, longest: TOAST_UNITS, text: "🔄 Gerando seu pagamento…" },
  /** While the gateway is being asked. */
  verifying: { variables: person, isToast: true, longest: TOAST_UNITS, text: "🔍 Verificando seu pagamento…" },
  failed: {
    variables: bought,
    text: `😕 <b>Não consegui gerar o seu pagamento agora.</b>

Foi um problema do nosso lado e nada foi cobrado. Espere um instante e tente de novo.`,
  },
  pending: {
    variables: [...bought, "pix", "validade"],
    text: `⏳ <b>Seu pagamento ainda não apareceu por aqui.</b>

1️⃣ Toque no código abaixo para copiar
2️⃣ Abra o app do seu banco e escolha <i>PIX copia e cola</i>
3️⃣ Cole o código e confirme o valor de {valor}

<code>{pix}</code>

⏰ Válido até {validade}

Já pagou? Fique tranquilo: a confirmação pode levar até 2 minutos e chega aqui sozinha.`,
  },
  /** The same for a charge without a code: Telegram's own invoice. */
  pendingStars: {
    variables: bought,
    text: `⏳ <b>Seu pagamento ainda não apareceu por aqui.</b>

Toque em <i>Pagar</i> na cobrança acima para concluir a compra de {produto} por {valor}.`,
  },
  /** What the message that asks for the payment becomes when its time is over. */
  expired: {
    variables: bought,
    longest: CAPTION_UNITS,
    text: `⌛ <b>Esta cobrança venceu.</b>

🎯 {produto}
💰 {valor}
🧾 Pedido nº {pedido}

Ainda quer? Toque no botão abaixo para gerar uma nova. Se você já pagou, não precisa fazer nada: assim que o pagamento for confirmado, eu aviso aqui.`,
  },
  held: {
    variables: [...bought, "pago"],
    text: `⚠️ <b>Recebi um pagamento de {pago}, mas o valor do pedido é {valor}.</b>

Por isso o acesso ainda não foi liberado. Quem vende já foi avisado e vai resolver com você. Guarde o número: pedido nº {pedido}.`,
  },
  /** What the message that asks for the payment becomes once it is paid. */
  paidEdit: {
    variables: bought,
    longest: CAPTION_UNITS,
    text: `✅ <b>Pago!</b>

🎯 {produto}
💰 {valor}
🧾 Pedido nº {pedido}`,
  },
  paid: {
    variables: [...bought, "link"],
    text: `✅ <b>Pagamento confirmado!</b>

Que bom ter você com a gente, {primeiro_nome}! 💚

🎯 <b>Produto:</b> {produto}
💰 <b>Valor:</b> {valor}
🧾 <b>Pedido nº</b> {pedido}

Seu acesso vem logo abaixo 👇`,
  },
  /** The product once more. */
  paidAgain: {
    variables: [...bought, "link"],
    text: `🎁 <b>Aqui está seu acesso de novo, {primeiro_nome}!</b>

🎯 {produto}
🧾 Pedido nº {pedido}`,
  },
  refunded: {
    variables: bought,
    text: `↩️ <b>Seu pagamento foi devolvido.</b>

O valor de {valor} do pedido nº {pedido} ({produto}) está voltando para a conta de onde saiu.`,
  },
  refundedByBank: {
    variables: bought,
    text: `↩️ <b>O pagamento do pedido nº {pedido} foi devolvido pelo banco.</b>

O valor de {valor} ({produto}) voltou para a conta de onde saiu. Não foi você quem pediu? Fale com o seu banco e escreva para a gente.`,
  },
  askCpf: {
    variables: bought,
    text: `📝 <b>Para gerar o seu PIX, o banco pede o CPF de quem vai pagar.</b>

Envie os 11 números aqui na conversa. Eles são usados só para esta cobrança de {valor}.`,
  },
  wrongCpf: {
    variables: bought,
    text: `🤔 <b>Esse CPF não confere.</b>

Veja se não faltou ou trocou algum número e envie os 11 números de novo.`,
  },
  askEmail: {
    variables: bought,
    text: `📝 <b>Para gerar o seu pagamento, preciso do seu e-mail.</b>

Envie o endereço aqui na conversa, assim: <code>nome@exemplo.com</code>`,
  },
  wrongEmail: {
    variables: bought,
    text: `🤔 <b>Esse e-mail não parece completo.</b>

Envie de novo, assim: <code>nome@exemplo.com</code>`,
  },
  /** Stands above the list of what somebody bought. */
  orders: { variables: person, text: "🧾 <b>Seus pedidos</b>" },
  noOrders: {
    variables: person,
    text: "🧾 Você ainda não tem pedidos por aqui. Para ver as ofertas, envie /start.",
  },
  support: {
    variables: person,
    text: `💬 <b>Precisa de ajuda?</b>

Escreva sua dúvida aqui mesmo, com o número do pedido se já comprou, que a gente responde nesta conversa. Para rever suas compras, envie /meuspedidos.`,
  },
  paySupport: {
    variables: person,
    text: `💬 <b>Dúvida sobre um pagamento?</b>

Escreva aqui o número do pedido e o que aconteceu, que a gente resolve nesta conversa. O suporte do Telegram não tem acesso às suas compras neste bot.`,
  },
} as const satisfies Record<string, TextDefinition>;

export type TextName = keyof typeof defaultTexts;
