<?php
// SPDX-License-Identifier: GPL-2.0-only
//
// One task: a Fiber (a C stack from mmap and a VM stack page) that suspends
// until the loop below resumes it: PHP has no event loop of its own, so sleepers
// wait in an SplPriorityQueue. A task runs at once until it first waits.
$numbers = array_values(array_diff(array_slice($argv, 1), ['--after']));
$stay = count($numbers) < $argc - 1;
[$n, $seconds] = [(int)($numbers[0] ?? -1), (int)($numbers[1] ?? 10)];
if (count($numbers) < 1 || count($numbers) > 2 || $n > 10 ** 8 ||
    preg_grep('/^\d{1,9}$/D', $numbers, PREG_GREP_INVERT)) {
    fwrite(STDERR, "usage: main.php N [SECONDS] [--after], N up to 10^8\n");
    exit(2);
}

final class Loop
{
    private SplPriorityQueue $sleepers;

    public function __construct()
    {
        $this->sleepers = new SplPriorityQueue();
        $this->sleepers->setExtractFlags(SplPriorityQueue::EXTR_BOTH);
    }

    public function sleep(int $seconds): void
    {
        $this->sleepers->insert(Fiber::getCurrent(), -(microtime(true) + $seconds));
        Fiber::suspend();
    }

    public function run(): void
    {
        while (!$this->sleepers->isEmpty()) {
            ['data' => $fiber, 'priority' => $time] = $this->sleepers->extract();
            $left = -$time - microtime(true);
            if ($left > 0)
                usleep((int)($left * 1e6) + 1);
            $fiber->resume();
        }
    }
}

function run_all(int $n, int $seconds): void
{
    $loop = new Loop();
    $parked = 0;
    $task = function () use ($loop, $seconds, &$parked): void {
        $parked++;
        $loop->sleep($seconds);
    };
    try {
        for ($i = 0; $i < $n; $i++)
            (new Fiber($task))->start();
    } catch (Throwable $reason) {
        fwrite(STDERR, "stopped at $parked of $n: {$reason->getMessage()}\n");
        exit(3);
    }
    echo "ready $parked\n";
    if ($n === 0)
        sleep($seconds);
    $loop->run();
}

run_all($n, $seconds);
if ($stay) {
    echo "after $n\n";
    while (true)
        sleep(3600);
}
