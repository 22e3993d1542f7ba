// What jobs carry: the keys of inbox rows, as pairs of slot and number.

import { type Static, Type } from "@sinclair/typebox";
import { limits } from "#src/kernel/limits.ts";

export const RowKeys = Type.Object(
  {
    rows: Type.Array(Type.Tuple([Type.Integer({ minimum: 1 }), Type.Integer({ minimum: 1 })]), {
      minItems: 1,
      maxItems: limits.jobIds,
    }),
  },
  { additionalProperties: false },
);
export type RowKeys = Static<typeof RowKeys>;

/** Ids of rows of one table. */
export const Ids = Type.Object(
  { ids: Type.Array(Type.Integer({ minimum: 1 }), { minItems: 1, maxItems: limits.jobIds }) },
  { additionalProperties: false },
);
export type Ids = Static<typeof Ids>;

export const Nothing = Type.Object({}, { additionalProperties: false });
