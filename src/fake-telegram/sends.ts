// Every message a bot sent, in columns of numbers: millions stay small, and a benchmark joins them cheaply.

/** `[chat_id, method, at]`; `at` = milliseconds since the epoch, fractional, when the request arrived. */
export type SendRow = [chatId: number, method: string, at: number];
export type SendsPage = { last_seq: number; sends: SendRow[] };

export type SendLog = {
  add(seq: number, chatId: number, method: string, at: number): void;
  /** Rows with a seq above `since`, oldest first, at most `limit`; go on with `last_seq`. */
  page(since: number, limit: number): SendsPage;
  clear(): void;
};

const FIRST_ROWS = 4_096;

/** The newest `capacity` sends; room is taken as it is needed. */
export function createSendLog(capacity: number): SendLog {
  const methods: string[] = [];
  let rows = FIRST_ROWS;
  let seqs = new Float64Array(rows);
  let chats = new Float64Array(rows);
  let times = new Float64Array(rows);
  let kinds = new Uint8Array(rows);
  let count = 0;

  function grow(): void {
    rows = Math.min(capacity, rows * 2);
    const wider = <T extends Float64Array | Uint8Array>(fresh: T, old: T): T => {
      fresh.set(old);
      return fresh;
    };
    seqs = wider(new Float64Array(rows), seqs);
    chats = wider(new Float64Array(rows), chats);
    times = wider(new Float64Array(rows), times);
    kinds = wider(new Uint8Array(rows), kinds);
  }

  function kindOf(method: string): number {
    const known = methods.indexOf(method);
    return known >= 0 ? known : methods.push(method) - 1;
  }

  return {
    add(seq, chatId, method, at) {
      if (count === rows && rows < capacity) grow();
      const row = count % rows;
      seqs[row] = seq;
      chats[row] = chatId;
      times[row] = at;
      kinds[row] = kindOf(method);
      count += 1;
    },
    page(since, limit) {
      const page: SendsPage = { last_seq: since, sends: [] };
      for (let at = firstAfter(since); at < count && page.sends.length < limit; at++) {
        const row = at % rows;
        page.last_seq = seqs[row] ?? since;
        page.sends.push([chats[row] ?? 0, methods[kinds[row] ?? 0] ?? "", times[row] ?? 0]);
      }
      return page;
    },
    clear() {
      count = 0;
    },
  };

  /** Position of the oldest kept row with a seq above `since`, by halving: seqs only grow. */
  function firstAfter(since: number): number {
    let low = Math.max(0, count - rows);
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((seqs[middle % rows] ?? 0) > since) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
