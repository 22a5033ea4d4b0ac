// SPDX-License-Identifier: GPL-2.0-only
/*
 * One task: a boost::fibers::fiber (all in one thread) in this_fiber::sleep_for, joined by
 * main. Idiomatic: the default stack, 128 KiB by malloc, and the default scheduler.
 */
#include "../c-pthread/args.h"

#include <boost/fiber/all.hpp>
#include <chrono>
#include <exception>
#include <mutex>
#include <vector>

static long parked;
static boost::fibers::mutex mutex;
static boost::fibers::condition_variable all_parked;

static void task(const args &args, std::chrono::nanoseconds time)
{
	args_touch(&args);
	{
		std::lock_guard lock(mutex);
		if (++parked == args.tasks)
			all_parked.notify_one();
	}
	boost::this_fiber::sleep_for(time);
}

static void run(const args &args)
{
	auto time = std::chrono::duration_cast<std::chrono::nanoseconds>(
		std::chrono::duration<double>(args.seconds));
	std::vector<boost::fibers::fiber> fibers;

	try {
		fibers.reserve(args.tasks);
		for (long i = 0; i < args.tasks; i++)
			fibers.emplace_back([&args, time] { task(args, time); });
	} catch (const std::exception &e) {
		args_stopped(&args, fibers.size(), e.what());
	}
	{
		std::unique_lock lock(mutex);
		all_parked.wait(lock, [&args] { return parked == args.tasks; });
	}
	args_ready(&args);
	if (!args.tasks)
		boost::this_fiber::sleep_for(time);
	for (auto &fiber : fibers)
		fiber.join();
}

int main(int argc, char **argv)
{
	args args = args_parse(argc, argv, ARGS_SLEEP,
			       boost::context::fixedsize_stack::traits_type::default_size());

	run(args);
	return args_end(&args);
}
