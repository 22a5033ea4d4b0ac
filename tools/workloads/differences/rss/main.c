/* SPDX-License-Identifier: GPL-2.0-only
 *
 * rss [N]: N (2,000) sleeping threads that each touch the page below the one that their creator
 * has touched; then what the kernel says of the process's RSS (VmRSS, VmHWM, ru_maxrss), and what
 * is mapped when it walks the page tables (smaps_rollup).
 *
 * Up to Linux 6.1 a task keeps its last 64 page faults to itself (kernel: TASK_RSS_EVENTS_THRESH),
 * so the RSS of a process with many sleeping threads is too small. As process 1 of a virtual machine
 * it mounts /proc and powers off (tools/differences --kernel).
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#define STACK (256 << 10)

static void *task(void *unused)
{
	volatile char page[4096];

	page[0] = 1;
	pause();
	return unused;
}

static void show(const char *file, const char *word)
{
	FILE *f = fopen(file, "r");
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, word, strlen(word)))
			printf("  %s %s", file, line);
	if (f)
		fclose(f);
}

int main(int argc, char **argv)
{
	int n = argc > 1 && atoi(argv[1]) > 0 ? atoi(argv[1]) : 2000;
	pthread_attr_t attr;
	struct utsname kernel;
	struct rusage usage;
	pthread_t thread;

	if (getpid() == 1) {
		mkdir("/proc", 0755);
		mount("proc", "/proc", "proc", 0, NULL);
	}
	uname(&kernel);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	for (int i = 0; i < n; i++)
		if (pthread_create(&thread, &attr, task, NULL)) {
			printf("stopped at %d of %d\n", i, n);
			break;
		}
	sleep(5); /* until all are asleep */
	printf("\nrss: Linux %s, %d threads\n", kernel.release, n);
	show("/proc/self/status", "VmRSS");
	show("/proc/self/status", "VmHWM");
	show("/proc/self/smaps_rollup", "Rss");
	getrusage(RUSAGE_SELF, &usage);
	printf("  ru_maxrss %ld kB\n", usage.ru_maxrss);
	fflush(stdout);
	if (getpid() == 1)
		reboot(RB_POWER_OFF);
	return 0;
}
