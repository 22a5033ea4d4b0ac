// SPDX-License-Identifier: GPL-2.0-only
//
// One task: a coroutine of kotlinx.coroutines, launched on Dispatchers.Default,
// in delay; main joins all. The last one to count itself completes a deferred
// value that main waits for. (In Debian's build of the library each atomic field
// is an object of its own: it wasn't run through AtomicFU's transformer.)
import java.util.concurrent.atomic.AtomicInteger
import kotlin.system.exitProcess
import kotlinx.coroutines.*

private val parked = AtomicInteger()

suspend fun runAll(n: Int, seconds: Int) = coroutineScope {
    val allParked = CompletableDeferred<Unit>()
    val jobs = List(n) {
        launch(Dispatchers.Default) {
            if (parked.incrementAndGet() == n)
                allParked.complete(Unit)
            delay(seconds * 1000L)
        }
    }
    if (n > 0)
        allParked.await()
    println("ready $n")
    if (n == 0)
        delay(seconds * 1000L)
    jobs.joinAll()
}

fun main(args: Array<String>) {
    val numbers = args.filter { it != "--after" }
    if (numbers.size !in 1..2 || !numbers.all { it.matches(Regex("[0-9]{1,9}")) } ||
        numbers[0].toInt() > 100_000_000) {
        System.err.println("usage: main N [SECONDS] [--after], N up to 10^8")
        exitProcess(2)
    }
    val n = numbers[0].toInt()
    try {
        runBlocking { runAll(n, numbers.getOrElse(1) { "10" }.toInt()) }
    } catch (reason: OutOfMemoryError) {
        System.err.println("stopped at $parked of $n: $reason")
        exitProcess(3)
    }
    if ("--after" in args) {
        println("after $n")
        Thread.sleep(Long.MAX_VALUE)
    }
}
