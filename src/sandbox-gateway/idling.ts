// Counts what is under way and lets others wait until nothing is.

export type Idling = {
  begin(): void;
  end(): void;
  pending(): number;
  /** True once nothing is under way, false after `timeoutMs`. */
  wait(timeoutMs: number): Promise<boolean>;
  /** Nothing is under way any more; whoever waits is told. */
  clear(): void;
};

export function createIdling(): Idling {
  const waiters = new Set<() => void>();
  let pending = 0;

  function tell(): void {
    for (const finish of [...waiters]) finish();
  }

  return {
    begin() {
      pending += 1;
    },
    end() {
      pending -= 1;
      if (pending === 0) tell();
    },
    pending: () => pending,
    wait(timeoutMs) {
      if (pending === 0) return Promise.resolve(true);
      return new Promise((resolve) => {
        const finish = () => {
          clearTimeout(timer);
          waiters.delete(finish);
          resolve(pending === 0);
        };
        const timer = setTimeout(finish, timeoutMs);
        waiters.add(finish);
      });
    },
    clear() {
      pending = 0;
      tell();
    },
  };
}
