// A program for the tests to kill: opens the services in the folder named by its argument and waits for its end.
import { openEmbedded } from "#src/embedded/open-embedded.ts";
import { keepOneMore } from "./services.ts";

const services = await openEmbedded({ dataDir: String(process.argv[2]) });
const kept = await keepOneMore(services);
process.stdout.write(`${JSON.stringify({ ...kept, pids: [services.postgresPid, services.redisPid] })}\n`);
process.on("SIGTERM", () => void services[Symbol.asyncDispose]().then(() => process.exit(0)));
