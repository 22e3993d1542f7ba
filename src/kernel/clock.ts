// The clock that everything is given, so that a test can hold it in its hand.

export type Clock = { now(): Date };

export const systemClock: Clock = { now: () => new Date() };
