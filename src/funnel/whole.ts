// What only the whole funnel shows: names that repeat or lead nowhere, and rows of steps without an end in sight.

import { textProblems } from "./check-text.ts";
import type { Funnel, Step } from "./funnel.ts";
import type { Problem } from "./problem.ts";
import { textsProblems } from "./texts.ts";
import { longestWalk, waits, walk } from "./walk.ts";

/** The problems of a funnel whose steps are right one by one. */
export function wholeProblems({ start, reply, texts, steps }: Funnel): Problem[] {
  const ids = new Set(steps.map(({ id }) => id));
  const inReply = reply === undefined ? [] : textProblems(reply);
  return [
    ...inReply.map((sentence) => ({ path: "/reply", sentence })),
    ...textsProblems(texts ?? {}, "/texts"),
    ...(ids.has(start) ? [] : [lost(start, "/start")]),
    ...repeatedIds(steps),
    ...steps.flatMap((step, index) => lostTargets(step, ids, `/steps/${index}`)),
    ...steps.flatMap((step, index) => deliverTargets(step, steps, `/steps/${index}`)),
    ...endlessWalk(steps),
  ];
}

function repeatedIds(steps: Step[]): Problem[] {
  const isRepeated = ({ id }: Step, index: number) => steps.findIndex((step) => step.id === id) < index;
  return steps.flatMap((step, index) =>
    isRepeated(step, index) ? [{ path: `/steps/${index}`, sentence: "o id já é de outro passo" }] : [],
  );
}

function lostTargets({ next, buttons }: Step, ids: Set<string>, path: string): Problem[] {
  const pressed = (buttons ?? []).flatMap((row, r) =>
    row.flatMap((button, b) =>
      "step" in button && !ids.has(button.step) ? [lost(button.step, `${path}/buttons/${r}/${b}`)] : [],
    ),
  );
  return next === undefined || ids.has(next) ? pressed : [lost(next, `${path}/next`), ...pressed];
}

/** What a sold sequence leads to: a step that exists, and not back to its own offer, where the customer would be asked to pay again. */
function deliverTargets(step: Step, steps: Step[], path: string): Problem[] {
  return (step.buttons ?? []).flatMap((row, r) =>
    row.flatMap((button, b) => {
      if (!("priceCents" in button) || !("step" in button.deliver)) return [];
      const place = `${path}/buttons/${r}/${b}/deliver/step`;
      const sequence = walk({ steps }, button.deliver.step).steps;
      if (sequence.length === 0) return [lost(button.deliver.step, place)];
      return sequence.includes(step) ? [{ path: place, sentence: "a sequência volta para esta mesma oferta" }] : [];
    }),
  );
}

/** A walk is cut at its bound; a person would be left without what follows, so the seller is told before. */
function endlessWalk(steps: Step[]): Problem[] {
  const index = steps.findIndex(({ id }) => {
    const walked = walk({ steps }, id).steps;
    const last = walked.at(-1);
    return walked.length === longestWalk && last?.next !== undefined && !waits(last);
  });
  const sentence = `daqui seguem mais de ${longestWalk} passos sem um botão`;
  return index === -1 ? [] : [{ path: `/steps/${index}`, sentence }];
}

function lost(target: string, path: string): Problem {
  return { path, sentence: `o passo "${target}" não existe` };
}
