// A short talk with a Redis of ours that may not be there (yet): commands in, all answers out.
import { connect, type NetConnectOpts } from "node:net";

const answerWithinMs = 2_000;

/**
 * Sends the commands to an address and gives everything that was answered until Redis, told to QUIT, closed. Gives ""
 * when nobody listens, and what came so far when there is no end in time.
 */
export function askRedis(address: NetConnectOpts, commands: string[]): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect(address);
  let answers = "";
  socket.setTimeout(answerWithinMs, () => socket.destroy());
  socket.on("connect", () => socket.write([...commands, "QUIT", ""].join("\r\n")));
  socket.on("data", (chunk) => {
    answers += chunk.toString("latin1");
  });
  // A refused or cut connection is an answer here: "close" follows and tells what came before.
  socket.on("error", () => socket.destroy());
  socket.on("close", () => resolve(answers));
  return promise;
}
