// Loaded before the first test file: ends the shared services after the last one.

import { afterAll } from "bun:test";
import { stopServices } from "./services.ts";

/** PostgreSQL ends with a checkpoint, and that takes seconds on a busy machine. */
const STOPPING_MS = 60_000;

afterAll(stopServices, STOPPING_MS);
