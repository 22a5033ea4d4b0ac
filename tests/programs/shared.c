/* SPDX-License-Identifier: GPL-2.0-only
 *
 * shared: memfd, POSIX shared memory, System V shared memory and a shared anonymous mapping,
 * between a parent and its child. Each process counts what it maps.
 */
#include "prog.h"

#include <sys/ipc.h>
#include <sys/shm.h>

#define BYTES (4 * MIB)
#define WAYS 4

static char *mem[WAYS];
static struct actor a;
static struct gate ready, hold;

static char *map_fd(int fd)
{
	char *p;

	if (fd < 0 || ftruncate(fd, BYTES))
		die("shared memory");
	p = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		die("mmap");
	close(fd);
	return p;
}

static char *by_name(void)
{
	char name[64];
	int fd;

	snprintf(name, sizeof(name), "/tare-test-%d", getpid());
	fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	shm_unlink(name);
	return map_fd(fd);
}

static char *by_sysv(void)
{
	int id = shmget(IPC_PRIVATE, BYTES, 0600 | IPC_CREAT);
	char *p = id < 0 ? (void *)-1 : shmat(id, NULL, 0);

	if (p == (void *)-1)
		die("shmat");
	shmctl(id, IPC_RMID, NULL);
	return p;
}

static void fill(void *p)
{
	(void)p;
	for (int i = 0; i < WAYS; i++)
		touch(mem[i], BYTES / 2);
}

static void child(void)
{
	/* The second half is new; the first half exists but is not mapped here. */
	for (int i = 0; i < WAYS; i++)
		touch(mem[i], BYTES);
	gate_open(&ready);
	gate_wait(&hold);
	munmap(mem[0], BYTES);
	shmdt(mem[2]);
	madvise(mem[3], BYTES, MADV_REMOVE); /* removes it from both */
	gate_open(&ready);
	gate_wait(&hold);
	_exit(0);
}

int main(void)
{
	pid_t pid;

	mem[0] = map_fd(memfd_create("tare test", MFD_CLOEXEC));
	mem[1] = by_name();
	mem[2] = by_sysv();
	mem[3] = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (mem[3] == MAP_FAILED)
		die("mmap");
	gate_make(&ready);
	gate_make(&hold);
	actor_start(&a, "sharer");
	actor_do(&a, fill, NULL);
	say("touched tid=%d shmem=%lu anon=0", a.tid, WAYS * BYTES / 2);
	checkpoint("filled");
	pid = fork();
	if (!pid)
		child();
	gate_wait(&ready);
	say("inherited pid=%d shmem=0",
	    pid); /* fork does not copy page tables that faults can fill again */
	say("touched tid=%d shmem=%lu", pid, WAYS * BYTES);
	checkpoint("shared");
	gate_open(&hold);
	gate_wait(&ready);
	say("freed tid=%d shmem=%lu", pid, 3 * BYTES);
	say("by_others pid=%d way=out shmem=%lu", getpid(), BYTES / 2);
	checkpoint("removed");
	gate_open(&hold);
	actor_end(&a);
	return reap(pid);
}
