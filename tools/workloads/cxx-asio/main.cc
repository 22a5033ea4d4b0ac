// SPDX-License-Identifier: GPL-2.0-only
/*
 * One task: an asio::awaitable<void> by co_spawn, which awaits a steady_timer of its own
 * (standalone Asio, one thread). Idiomatic: detached, and io_context.run() returns when all
 * have ended. They start inside it, so the last to count itself says that all are parked.
 */
#include "../c-pthread/args.h"

#include <asio.hpp>
#include <chrono>
#include <exception>

using Clock = std::chrono::steady_clock;

static args args;
static long started, parked;

/* Asio allocates in destructors too, where running out of memory can't be caught. */
static void refused()
{
	try {
		if (auto error = std::current_exception())
			std::rethrow_exception(error);
	} catch (const std::exception &e) {
		args_stopped(&args, parked ? parked : started, e.what());
	}
	std::abort();
}

static asio::awaitable<void> task(Clock::duration time)
{
	asio::steady_timer timer(co_await asio::this_coro::executor, time);

	if (++parked == args.tasks)
		args_ready(&args);
	co_await timer.async_wait(asio::use_awaitable);
}

static void run()
{
	auto time = std::chrono::duration_cast<Clock::duration>(
		std::chrono::duration<double>(args.seconds));
	asio::io_context context(1);

	for (; started < args.tasks; started++)
		asio::co_spawn(context, task(time), asio::detached);
	if (!args.tasks) {
		args_ready(&args);
		args_rest(&args);
	}
	context.run();
}

int main(int argc, char **argv)
{
	args = args_parse(argc, argv, ARGS_SLEEP, 0);
	std::set_terminate(refused);
	run();
	return args_end(&args);
}
