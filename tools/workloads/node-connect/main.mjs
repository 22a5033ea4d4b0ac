// SPDX-License-Identifier: GPL-2.0-only
//
// One task: a call of an async function that opens a TCP connection
// (net.connect) and awaits what comes on it; that is a Socket, its libuv handle
// and read buffer, and the suspended function.
import { once } from "node:events";
import net from "node:net";
import { argv, exit } from "node:process";

const [n, seconds] = [Number(argv[2]), Number(argv[3])];
const [, host, port] = /^((?:\d+\.){3}\d+):(\d+)$/.exec(argv[4]) ?? [];
if (argv.length !== 5 || ![argv[2], argv[3]].every((a) => /^\d{1,9}$/.test(a)) ||
    n > 1e8 || host === undefined) {
    console.error("usage: main.mjs N SECONDS HOST:PORT, N up to 10^8");
    exit(2);
}

const net24 = host.slice(0, host.lastIndexOf(".") + 1);
let parked = 0;

async function task(i) {
    const socket = net.connect(Number(port), net24 + (1 + i % 8));
    await once(socket, "connect").catch((reason) => stop(i, reason));
    if (++parked === n)
        console.log(`ready ${n}`);
    for await (const _ of socket)
        ;
}

function stop(i, reason) {
    console.error(`stopped at ${i} of ${n}: ${reason.code}`);
    exit(3);
}

setTimeout(() => exit(0), seconds * 1000);
const tasks = [];
for (let i = 0; i < n; i++)
    tasks.push(task(i));
if (n > 0) {
    await Promise.all(tasks);
    exit(0);
}
console.log("ready 0");
