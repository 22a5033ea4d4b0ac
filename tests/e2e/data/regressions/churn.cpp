// SPDX-License-Identifier: GPL-2.0-only
//
// A program with a planted regression: LEAK=1 keeps bodies, LEAK=2 keeps sessions. All functions
// here are inlined into serve().
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

static std::vector<std::unique_ptr<std::string>> bodies, sessions;
static char text[1000];

static inline void keep_body(int i)
{
	if (LEAK == 1 || i < 100)
		bodies.push_back(std::make_unique<std::string>(text)); // planted: body
}

static inline void open_session(int i)
{
	if (LEAK == 2 || i < 100)
		sessions.push_back(std::make_unique<std::string>(text)); // planted: session
}

__attribute__((noinline)) static void serve(int requests)
{
	for (int i = 0; i < requests; i++) {
		keep_body(i);
		open_session(i);
	}
}

int main()
{
	for (char &c : text)
		c = 'x';
	text[sizeof(text) - 1] = 0;
	serve(30000);
	std::printf("%zu\n", bodies.size() + sessions.size());
}
