// What is wrong with a value, in Portuguese, from the words that its schema carries: `title` is the subject of the
// sentence ("o texto"), `rule` what must hold ("deve …"), where the schema's own bounds do not say it well enough. A variant of a union
// may carry `tell`: the property by which it is known.

import type { TSchema } from "@sinclair/typebox";
import { Value, type ValueError, ValueErrorType } from "@sinclair/typebox/value";

/** `path` is a JSON pointer into what was checked; `sentence` has no place in it yet. */
export type Problem = { path: string; sentence: string };

/** Every way in which the value breaks its schema: one problem a place, the first one found there. */
export function schemaProblems(schema: TSchema, value: unknown, path = ""): Problem[] {
  const found = new Map<string, Problem>();
  for (const error of Value.Errors(schema, value)) {
    for (const problem of problemsOf(error)) {
      if (!found.has(problem.path)) found.set(problem.path, { ...problem, path: path + problem.path });
    }
  }
  return [...found.values()];
}

/** A value that fits none of a union's variants is told what the one that it means lacks, or else the nearest one, when one is nearest. */
function problemsOf(error: ValueError): Problem[] {
  if (error.type !== ValueErrorType.Union) return [{ path: error.path, sentence: sentenceOf(error) }];
  const all = error.errors.map((errors) => [...errors]);
  const meant = meantVariant(error);
  const [nearest, second] = meant === undefined ? all.toSorted((a, b) => a.length - b.length) : [all[meant]];
  const isNearest = nearest !== undefined && (second === undefined || nearest.length < second.length);
  return isNearest ? nearest.flatMap(problemsOf) : [{ path: error.path, sentence: sentenceOf(error) }];
}

/** The variant whose telling property (`tell`) the value has, when that is only one. */
function meantVariant({ schema, value }: ValueError): number | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const variants: TSchema[] = schema.anyOf ?? [];
  const told = variants.flatMap(({ tell }, index) => (typeof tell === "string" && tell in value ? [index] : []));
  return told.length === 1 ? told[0] : undefined;
}

function sentenceOf({ type, schema, path, value }: ValueError): string {
  const subject: string = schema.title ?? "o valor";
  if (type === ValueErrorType.ObjectAdditionalProperties) return `"${path.split("/").at(-1)}" não existe aqui`;
  if (type === ValueErrorType.ObjectRequiredProperty || value === undefined) return `falta ${subject}`;
  return `${subject} ${schema.rule ?? predicateOf(type, schema)}`;
}

function predicateOf(type: ValueErrorType, schema: TSchema): string {
  switch (type) {
    case ValueErrorType.StringMinLength:
      return "não pode ficar em branco";
    case ValueErrorType.StringMaxLength:
      return `passa de ${schema.maxLength} caracteres`;
    case ValueErrorType.ArrayMinItems:
      return "não pode ficar sem itens";
    case ValueErrorType.ArrayMaxItems:
      return `passa de ${schema.maxItems} itens`;
    case ValueErrorType.String:
      return "deve ser um texto";
    case ValueErrorType.Boolean:
      return "deve ser true ou false";
    case ValueErrorType.Array:
      return "deve ser uma lista";
    case ValueErrorType.Object:
      return "deve ser um objeto";
    default:
      return "não é válido";
  }
}
