// SPDX-License-Identifier: GPL-2.0-only
//
// One task: a D Fiber of druntime (a stack from mmap with a guard page) that
// yields until the loop below calls it again: D's library has no timers for
// fibers, so sleepers wait in a binary heap. A task runs at once until it yields.
import core.memory : pageSize;
import core.stdc.stdlib : alloca;
import core.thread : Fiber, Thread;
import core.time : MonoTime, hours, seconds;
import core.volatile : volatileStore;
import std.algorithm : all;
import std.container.binaryheap : BinaryHeap;
import std.conv : to;
import std.exception : enforce;
import std.getopt : getopt;
import std.stdio : stderr, stdout, writefln;

struct Sleeper
{
    MonoTime time;
    Fiber fiber;
}

alias Sleepers = BinaryHeap!(Sleeper[], "a.time > b.time");

void say(string word, int n)
{
    writefln("%s %d", word, n);
    stdout.flush();
}

void useStack(size_t bytes)
{
    auto p = cast(ubyte*) alloca(bytes);
    for (size_t i = 0; i < bytes; i += pageSize)
        volatileStore(p + i, ubyte(1));
}

int runAll(int n, int secs, int touch)
{
    auto sleepers = Sleepers((Sleeper[]).init);
    int parked;
    auto stack = touch + 4 * pageSize;

    void task()
    {
        if (touch > 0)
            useStack(touch);
        parked++;
        sleepers.insert(Sleeper(MonoTime.currTime + secs.seconds, Fiber.getThis()));
        Fiber.yield();
    }

    foreach (k; 0 .. n)
    {
        try
            new Fiber(&task, stack).call();
        catch (Throwable reason)
        {
            stderr.writefln("stopped at %d of %d: %s", k, n, reason.msg);
            return 3;
        }
    }
    say("ready", parked);
    if (n == 0)
        Thread.sleep(secs.seconds);
    while (!sleepers.empty)
    {
        auto first = sleepers.removeAny();
        auto left = first.time - MonoTime.currTime;
        if (!left.isNegative)
            Thread.sleep(left);
        first.fiber.call();
    }
    return 0;
}

int main(string[] args)
{
    int[] numbers;
    int touch;
    bool stay;
    try
    {
        getopt(args, "after", &stay, "touch", &touch);
        numbers = args[1 .. $].to!(int[]);
        enforce(numbers.length == 1 || numbers.length == 2);
        enforce(numbers[0] <= 100_000_000 && touch >= 0 && numbers.all!"a >= 0");
    }
    catch (Exception)
    {
        stderr.writeln("usage: main N [SECONDS] [--after] [--touch BYTES], N up to 10^8");
        return 2;
    }
    auto status = runAll(numbers[0], numbers.length == 2 ? numbers[1] : 10, touch);
    if (status == 0 && stay)
    {
        say("after", numbers[0]);
        for (;;)
            Thread.sleep(1.hours);
    }
    return status;
}
