// The welcome that both peers send: the sample funnel's photo, text and buttons, as Telegram's JSON.

const caption = (name) => `<b>Oi, ${name}! Que bom ter você aqui.</b> 🌿

Preparei o <b>Guia da Rotina Leve</b>: sete dias, dez minutos por dia, para colocar a casa e a cabeça em ordem sem correria.

<blockquote>Você recebe o guia completo aqui mesmo, no Telegram, e pode voltar a ele quando quiser.</blockquote>

Escolha abaixo como quer continuar 👇`;

const reply_markup = {
  inline_keyboard: [
    [{ text: "🌿 Quero o guia - R$ 19,90", callback_data: "quero-o-guia" }],
    [{ text: "Como funciona?", callback_data: "como-funciona" }],
    [{ text: "Dicas de uso do Telegram", url: "https://telegram.org/faq/br" }],
  ],
};

const escapes = { "<": "&lt;", ">": "&gt;", "&": "&amp;" };

/** What sendPhoto is given beside the chat and the photo. */
export function welcome(firstName) {
  const name = firstName.replace(/[<>&]/g, (sign) => escapes[sign]);
  return { caption: caption(name), parse_mode: "HTML", reply_markup };
}
