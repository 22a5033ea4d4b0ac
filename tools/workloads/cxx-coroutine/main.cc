// SPDX-License-Identifier: GPL-2.0-only
/*
 * One task: a C++20 coroutine in `co_await executor.sleep(...)`: its frame on the heap, an
 * entry in the executor's timer queue (a std::priority_queue), and the Task object that main
 * holds. Idiomatic: the language alone, with the least executor that runs it.
 */
#include "../c-pthread/args.h"

#include <chrono>
#include <coroutine>
#include <exception>
#include <queue>
#include <thread>
#include <utility>
#include <vector>

using Clock = std::chrono::steady_clock;

class Executor
{
	struct Timer {
		Clock::time_point wake;
		std::coroutine_handle<> task;

		bool operator<(const Timer &other) const
		{
			return wake > other.wake; /* the earliest on top */
		}
	};
	std::priority_queue<Timer> timers;

      public:
	auto sleep(Clock::duration time)
	{
		struct Awaiter {
			Executor &executor;
			Clock::time_point wake;

			bool await_ready() const noexcept
			{
				return false;
			}
			void await_suspend(std::coroutine_handle<> task)
			{
				executor.timers.push({ wake, task });
			}
			void await_resume() const noexcept
			{
			}
		};
		return Awaiter{ *this, Clock::now() + time };
	}

	void run()
	{
		while (!timers.empty()) {
			Timer next = timers.top();

			timers.pop();
			std::this_thread::sleep_until(next.wake);
			next.task.resume();
		}
	}
};

class Task
{
      public:
	struct promise_type {
		Task get_return_object()
		{
			return Task(std::coroutine_handle<promise_type>::from_promise(*this));
		}
		std::suspend_always initial_suspend() noexcept
		{
			return {};
		}
		std::suspend_always final_suspend() noexcept
		{
			return {};
		}
		void return_void()
		{
		}
		void unhandled_exception()
		{
			throw;
		}
	};

	Task(Task &&other) noexcept : handle(std::exchange(other.handle, nullptr))
	{
	}
	void start()
	{
		handle.resume();
	}
	~Task()
	{
		if (handle)
			handle.destroy();
	}

      private:
	explicit Task(std::coroutine_handle<promise_type> h) : handle(h)
	{
	}
	std::coroutine_handle<promise_type> handle;
};

static long parked;

static Task task(Executor &executor, Clock::duration time)
{
	parked++;
	co_await executor.sleep(time);
}

static void run(const args &args)
{
	auto time = std::chrono::duration_cast<Clock::duration>(
		std::chrono::duration<double>(args.seconds));
	Executor executor;
	std::vector<Task> tasks;

	try {
		tasks.reserve(args.tasks);
		for (long i = 0; i < args.tasks; i++) {
			tasks.push_back(task(executor, time));
			tasks.back().start();
		}
	} catch (const std::exception &e) {
		args_stopped(&args, parked, e.what());
	}
	args_ready(&args);
	if (!args.tasks)
		std::this_thread::sleep_for(time);
	executor.run();
}

int main(int argc, char **argv)
{
	args args = args_parse(argc, argv, ARGS_SLEEP, 0);

	run(args);
	return args_end(&args);
}
