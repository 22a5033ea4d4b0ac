// SPDX-License-Identifier: GPL-2.0-only
//
// main.cjs N SHAPE
//
// N timers of two million seconds (the most that they take), for the differences between
// published figures and ours. SHAPE is what one task is:
//   timer       setTimeout, without a promise
//   promise     util.promisify(setTimeout): its promise, as in 2023 and 2024
//   promises    setTimeout of node:timers/promises: its promise
//   async       an async function that awaits `promise`
//   asyncs      an async function that awaits `promises`, as ours
// With --expose-gc it prints how much of the heap is in use after a collection, and ends.
"use strict";
const { promisify } = require("node:util");
const timers = require("node:timers/promises");

const [n, shape] = [Number(process.argv[2]), process.argv[3]];
const seconds = 2e6, promise = promisify(setTimeout);
const shapes = {
    timer: () => setTimeout(() => {}, seconds * 1000),
    promise: () => promise(seconds * 1000),
    promises: () => timers.setTimeout(seconds * 1000),
    async: async () => { await promise(seconds * 1000); },
    asyncs: async () => { await timers.setTimeout(seconds * 1000); },
};
const make = shapes[shape];
let before = 0;

if (global.gc) {
    global.gc();
    before = process.memoryUsage().heapUsed;
}
const tasks = [];
for (let i = 0; i < n; i++)
    tasks.push(make());
if (shape !== "timer")
    Promise.all(tasks);
setTimeout(() => {
    if (global.gc) {
        global.gc();
        const held = process.memoryUsage().heapUsed - before;
        console.log(`${shape}: ${Math.round(held / n)} bytes of the heap in use per task`);
        process.exit();
    }
    console.log(`ready ${n}`);
}, 1000);
