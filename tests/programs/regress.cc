// SPDX-License-Identifier: GPL-2.0-only
//
// A service of which a later version has a regression: regress PARSED SESSIONS. main() loads an
// index of 16 MiB, the thread "parser" keeps PARSED bodies of 1 KiB, the thread "sessions" keeps
// SESSIONS buffers of 64 KiB. Growth is in load_index(), parse_body(), open_session(), by malloc.
#include <pthread.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

using blocks = std::vector<char *>;

__attribute__((noipa)) static void load_index(blocks &kept)
{
	for (int i = 0; i < 4096; i++) {
		kept.push_back(static_cast<char *>(malloc(4096)));
		memset(kept.back(), 1, 4096);
	}
}

__attribute__((noipa)) static void parse_body(blocks &kept, int n)
{
	for (int i = 0; i < n; i++) {
		kept.push_back(static_cast<char *>(malloc(1024)));
		memset(kept.back(), 1, 1024);
	}
}

__attribute__((noipa)) static void open_session(blocks &kept, int n)
{
	for (int i = 0; i < n; i++) {
		kept.push_back(static_cast<char *>(malloc(65536)));
		memset(kept.back(), 1, 65536);
	}
}

int main(int argc, char **argv)
{
	blocks index, bodies, sessions;

	if (argc != 3)
		return 2;
	load_index(index);
	std::thread parser([&] {
		pthread_setname_np(pthread_self(), "parser");
		parse_body(bodies, atoi(argv[1]));
	});
	std::thread keeper([&] {
		pthread_setname_np(pthread_self(), "sessions");
		open_session(sessions, atoi(argv[2]));
	});
	parser.join();
	keeper.join();
	printf("%zu %zu %zu\n", index.size(), bodies.size(), sessions.size());
	return 0;
}
