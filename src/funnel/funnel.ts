// A funnel as sellers' files and the API hold it, and whether it is right: every problem is a sentence with its place.

import { type Static, Type } from "@sinclair/typebox";
import { Html } from "./check-text.ts";
import { at, placeProblems } from "./place.ts";
import { type Problem, schemaProblems } from "./problem.ts";
import type { StepKind } from "./step.ts";
import { stepId } from "./step-id.ts";
import { stepKinds } from "./steps/index.ts";
import { Texts } from "./texts.ts";
import { wholeProblems } from "./whole.ts";

const STEPS = 200;
/** A file with more problems than these needs another look anyway. */
const TOLD_PROBLEMS = 100;

const head = {
  name: Type.String({ title: "o nome do funil", minLength: 1, maxLength: 120 }),
  start: stepId("o passo"),
  reply: Type.Optional(Html),
  texts: Type.Optional(Texts),
};
const stepList = { title: "a lista de passos", minItems: 1, maxItems: STEPS, rule: `deve ter de 1 a ${STEPS} passos` };
const whole = { title: "o funil", additionalProperties: false };

export type Step = (typeof stepKinds)[number]["schema"]["static"];

/** `start`: the first step · `reply`: the HTML that answers text which no step waits for · `texts`: of the sale. */
export const Funnel = Type.Object(
  { ...head, steps: Type.Array(Type.Unsafe<Step>(Type.Union(stepKinds.map(({ schema }) => schema))), stepList) },
  whole,
);
export type Funnel = Static<typeof Funnel>;

/** The funnel around its steps: each step is checked by the schema of its own kind, so that its problems are exact. */
const Frame = Type.Object({ ...head, steps: Type.Array(Type.Unknown(), stepList) }, whole);
const AnyStep = Type.Object({ id: stepId("o id"), kind: Type.String({ title: "o tipo" }) }, { title: "o passo" });

/** Checks anything that claims to be a funnel. Problems are sentences for the seller, at most a hundred. */
export function checkFunnel(value: unknown): { ok: true; funnel: Funnel } | { ok: false; problems: string[] } {
  const problems = findProblems(value).slice(0, TOLD_PROBLEMS);
  if (problems.length > 0) return { ok: false, problems: placeProblems(value, problems) };
  return { ok: true, funnel: value as Funnel };
}

/** The shape first; what it means only once the shape is right. */
function findProblems(value: unknown): Problem[] {
  const steps = at(value, "steps");
  const inShape = [
    ...schemaProblems(Frame, value),
    ...(Array.isArray(steps) ? steps.slice(0, STEPS) : []).flatMap((step, index) =>
      shapeProblems(step, `/steps/${index}`),
    ),
  ];
  if (inShape.length > 0) return inShape;
  const funnel = value as Funnel;
  return [...funnel.steps.flatMap((step, index) => meaningProblems(step, `/steps/${index}`)), ...wholeProblems(funnel)];
}

function shapeProblems(step: unknown, path: string): Problem[] {
  const kind = at(step, "kind");
  const known = kindNamed(kind);
  if (known !== undefined) return schemaProblems(known.schema, step, path);
  const problems = schemaProblems(AnyStep, step, path);
  if (typeof kind !== "string") return problems;
  const names = stepKinds.map(({ kind }) => kind).join(", ");
  return [...problems, { path, sentence: `o tipo "${kind.slice(0, 40)}" não existe (há: ${names})` }];
}

function meaningProblems(step: Step, path: string): Problem[] {
  const problems = kindNamed(step.kind)?.check(step) ?? [];
  return problems.map((problem) => ({ ...problem, path: path + problem.path }));
}

function kindNamed(name: unknown): StepKind | undefined {
  const kinds: readonly StepKind[] = stepKinds;
  return kinds.find(({ kind }) => kind === name);
}
