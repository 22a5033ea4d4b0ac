// SPDX-License-Identifier: GPL-2.0-only
//
// main.js N
//
// What the programs measured in 2023 and 2024 (RESULTS.md, "As published") do, and nothing more:
// one task is one call of the promisified setTimeout, for 10 seconds, without an async function
// around it; a CommonJS module. It prints nothing, so it is weighed at its peak.
const { promisify } = require('util');

const sleep = promisify(setTimeout);

async function main(count) {
    const sleepers = [];
    while (sleepers.length < count)
        sleepers.push(sleep(10000));
    await Promise.all(sleepers);
}

main(parseInt(process.argv[2]));
