/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Calls grow() of each library in turn, closing one before it opens the next:
 * call_lib LIBRARY… Prints the address of each grow(), because tests need
 * to know whether the libraries were at the same address. With HOLD in the environment it keeps
 * each library open until its input ends.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

static volatile int after;

__attribute__((noipa)) static int call(const char *path)
{
	void *lib = dlopen(path, RTLD_NOW);
	void (*grow)(void);

	if (!lib) {
		fprintf(stderr, "%s\n", dlerror());
		return 1;
	}
	*(void **)&grow = dlsym(lib, "grow");
	if (!grow)
		return 1;
	printf("%p\n", *(void **)&grow);
	fflush(stdout);
	grow();
	after++;
	while (getenv("HOLD") && getchar() != EOF)
		;
	return dlclose(lib);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (call(argv[i]))
			return 1;
	return 0;
}
