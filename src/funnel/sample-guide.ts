// What the sample funnel sells: a guide of seven days, sent as three messages.

/** For who begins: how to use it, and the first three days. */
export const guideStart = `🌿 <b>Guia da Rotina Leve</b>

{primeiro_nome}, aqui está o seu guia: sete dias, dez minutos por dia.

<b>Como usar</b>
• Escolha um horário fixo, de preferência logo depois de algo que você já faz todo dia (o café, o banho, o almoço).
• Marque dez minutos no relógio e pare quando tocar, mesmo sem terminar.
• Perdeu um dia? Continue de onde parou, sem compensar.

<b>Dia 1 · Esvaziar a cabeça</b>
Escreva no papel tudo o que está pendente, sem ordem. Depois circule só três coisas que precisam acontecer nesta semana. O resto já está guardado no papel e não precisa ocupar a sua cabeça.

<b>Dia 2 · Um canto livre</b>
Escolha uma superfície pequena que você vê todo dia: a mesa, a pia ou o criado-mudo. Tire tudo, limpe e devolva só o que você usa ali. Esse canto é o seu lembrete de que dez minutos bastam.

<b>Dia 3 · O fim do dia</b>
Antes de dormir, separe a roupa e o que vai levar amanhã e anote a primeira tarefa da manhã. O dia seguinte começa decidido.`;

/** The last four days. */
export const guideMiddle = `<b>Dia 4 · Menos avisos</b>
Abra as configurações do celular e desligue os avisos de tudo que não é uma pessoa falando com você. Deixe o aparelho longe da cama nesta noite.

<b>Dia 5 · A regra dos dois minutos</b>
O que leva menos de dois minutos, faça na hora: lavar o copo, responder sim ou não, guardar o casaco. Hoje, use os seus dez minutos para cinco dessas.

<b>Dia 6 · Cozinha adiantada</b>
Escolha duas refeições da semana e deixe algo pronto: o arroz cozido, a salada lavada, as porções separadas. Anote o que faltou: já é a sua lista de compras.

<b>Dia 7 · Revisão</b>
Volte às três coisas do dia 1. O que foi feito, risque. O que não foi, corte em um passo menor, que caiba em dez minutos, e marque o dia.`;

/** What stays. */
export const guideEnd = `🎉 <b>Depois dos sete dias</b>

Fique com três hábitos:
1️⃣ Todo dia: dois minutos à noite para preparar a manhã.
2️⃣ Toda sexta: dez minutos para a lista das três coisas.
3️⃣ Todo mês: um canto livre novo.

<blockquote>Rotina leve não é fazer tudo. É saber o que pode esperar.</blockquote>

Guarde esta conversa para voltar ao guia quando quiser. Boa semana! 🌿`;
