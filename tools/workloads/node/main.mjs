// SPDX-License-Identifier: GPL-2.0-only
//
// One task: a call of an async function that awaits the promisified
// setTimeout; that is a promise or two, a timer and the suspended function.
// Main awaits them all with Promise.all. Runs in Node.js, Bun and Deno.
import { argv, exit } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

const numbers = argv.slice(2).filter((a) => a !== "--after");
const stay = numbers.length < argv.length - 2;
const [n, seconds] = [Number(numbers[0]), Number(numbers[1] ?? 10)];
if (numbers.length < 1 || numbers.length > 2 ||
    !numbers.every((a) => /^\d{1,9}$/.test(a)) || n > 1e8) {
    console.error("usage: main.mjs N [SECONDS] [--after], N up to 10^8");
    exit(2);
}

let parked = 0;

async function task() {
    parked++;
    await sleep(seconds * 1000);
}

async function runAll() {
    const tasks = [];
    for (let i = 0; i < n; i++)
        tasks.push(task());
    const all = Promise.all(tasks);
    // An async function runs at once until its first await.
    console.log(`ready ${parked}`);
    await (n > 0 ? all : sleep(seconds * 1000));
}

await runAll();
if (stay) {
    console.log(`after ${n}`);
    setInterval(() => {}, 2 ** 30);
}
