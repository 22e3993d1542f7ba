// How far a broadcast has come, in the order of its customers: begun up to the cursor, and with an outcome up to the first who has none.

import type { CustomerId } from "../kernel/ids.ts";

export type Progress = {
  /** These were read, in the order of their ids, on the way to the cursor. */
  take(ids: readonly CustomerId[], cursorId: number): void;
  /** This one's message leaves. */
  begin(id: CustomerId): void;
  /** This one's outcome is kept with the next `doneId`. */
  end(id: CustomerId): void;
  /** Every customer up to here has an outcome. */
  doneId(): number;
  cursorId(): number;
  /** Nobody above it was begun. */
  begunId(): number;
};

export function openProgress(startId: number): Progress {
  let open: CustomerId[] = [];
  const ended = new Set<CustomerId>();
  let cursorId = startId;
  let begunId = startId;

  return {
    take(ids, to) {
      open.push(...ids);
      cursorId = Math.max(cursorId, to);
    },
    begin(id) {
      begunId = Math.max(begunId, id);
    },
    end(id) {
      ended.add(id);
      const first = open.findIndex((one) => !ended.has(one));
      const over = first < 0 ? open : open.slice(0, first);
      open = open.slice(over.length);
      for (const one of over) ended.delete(one);
    },
    doneId: () => (open[0] === undefined ? cursorId : open[0] - 1),
    cursorId: () => cursorId,
    begunId: () => begunId,
  };
}
