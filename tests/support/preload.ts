// Loaded before the first test file: ends the shared services after the last one.

import { afterAll } from "bun:test";
import { stopServices } from "./services.ts";

afterAll(stopServices);
