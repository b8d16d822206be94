#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Speaks varlink to api.sock with a plain socket: client.mjs SOCKET METHOD [JSON]. An error is exit 1.
import { createConnection } from "node:net";

const [path, name, parameters = "{}"] = process.argv.slice(2);
const method = name.includes(".") ? name : `org.grantd.Access.${name}`; // "Status", or a name in full
const socket = createConnection(path);
const closed = (why) => {
  console.error(why);
  process.exit(1);
};
let answer = Buffer.alloc(0);
socket.setTimeout(10_000, () => closed("no answer"));
socket.on("error", (e) => closed(e.message));
socket.on("end", () => closed("grantd closed the connection"));
socket.on("data", (piece) => {
  answer = Buffer.concat([answer, piece]);
  const end = answer.indexOf(0);
  if (end < 0) return;
  const reply = JSON.parse(answer.subarray(0, end).toString("utf8"));
  console.log(JSON.stringify(reply));
  process.exitCode = "error" in reply ? 1 : 0;
  socket.removeAllListeners("end");
  socket.end();
});
socket.write(`${JSON.stringify({ method, parameters: JSON.parse(parameters) })}\0`);
