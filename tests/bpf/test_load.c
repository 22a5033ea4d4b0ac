/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Loads every BPF program through this kernel's verifier, for each counter backend, with the
 * optional programs on and off. Also checks what tare_init finds out about the kernel.
 */
#include "fixture.h"

#include <bpf/libbpf.h>
#include <fcntl.h>

#include "tare.skel.h"
#include "tests/unit/heard.h"

static int open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void load_and_close(const struct loader_config *config, bool optional)
{
	struct fixture b;
	int before = open_files();

	fixture_probe(&b);
	if (!optional) {
		b.features.found[FEATURE_SYS_EXIT].state = FEATURE_NO;
		b.features.found[FEATURE_PAGE_FAULT_KERNEL].state = FEATURE_NO;
	}
	assert_int_equal(fixture_load(&b, *config), 0);
	assert_true(open_files() > before);
	fixture_close(&b);
	assert_int_equal(open_files(), before);
}

/* cmocka 1.1.5's skip() does not return, so the features are freed first. */
static void need_backend(enum counter_backend backend)
{
	struct fixture b;
	bool there;

	fixture_probe(&b);
	there = !b.features.why_not[backend];
	fixture_close(&b);
	if (!there)
		skip();
}

static void percpu_backend(void **state)
{
	(void)state;
	need_backend(BACKEND_PERCPU);
	load_and_close(&(struct loader_config){ .backend = BACKEND_PERCPU }, true);
	load_and_close(&(struct loader_config){ .backend = BACKEND_PERCPU }, false);
	load_and_close(&(struct loader_config){ .backend = BACKEND_PERCPU, .no_children = true },
		       true);
	load_and_close(&(struct loader_config){ .backend = BACKEND_PERCPU, .max_mms = 1 }, true);
	load_and_close(&(struct loader_config){ .backend = BACKEND_PERCPU, .max_mms = 100000 },
		       true);
}

static void classic_backend(void **state)
{
	(void)state;
	need_backend(BACKEND_CLASSIC);
	load_and_close(&(struct loader_config){ .backend = BACKEND_CLASSIC }, true);
	load_and_close(&(struct loader_config){ .backend = BACKEND_CLASSIC, .no_children = true },
		       false);
}

static void count_backend(void **state)
{
	(void)state;
	need_backend(BACKEND_COUNT);
	load_and_close(&(struct loader_config){ .backend = BACKEND_COUNT }, true);
}

/* A backend that this kernel cannot run is refused and leaves nothing behind. */
static void wrong_backend(void **state)
{
	int before = open_files(), err;
	struct fixture b;

	fixture_probe(&b);
	if (!b.features.why_not[BACKEND_COUNT]) {
		fixture_close(&b);
		skip();
	}
	mute_stderr(state);
	err = fixture_load(&b, (struct loader_config){ .backend = BACKEND_COUNT });
	unmute_stderr(state);
	assert_true(err < 0);
	assert_null(b.l);
	fixture_close(&b);
	assert_int_equal(open_files(), before);
}

/* __per_cpu_offset[] of each possible CPU: an offset of kernel addresses, different for each
 * CPU, and the same at every load. */
static void cpu_offsets(void **state)
{
	int cpus = libbpf_num_possible_cpus();
	uint64_t first[TARE_MAX_CPUS] = { 0 };

	(void)state;
	for (int run = 0; run < 2; run++) {
		struct tare_bpf__bss *bss;
		struct bpf_map_info info;
		struct fixture b;
		int fd;

		fixture_open(&b, (struct loader_config){ .backend = BACKEND_CLASSIC });
		fd = fixture_map("tare_bpf.bss", &info);
		bss = mmap(NULL, info.value_size, PROT_READ, MAP_SHARED, fd, 0);
		assert_ptr_not_equal(bss, MAP_FAILED);
		for (int i = 0; i < cpus; i++) {
			assert_int_not_equal(bss->cpu_offset[i], 0);
			assert_int_equal(bss->cpu_offset[i] % PAGE, 0);
			for (int j = 0; j < i; j++)
				assert_int_not_equal(bss->cpu_offset[i], bss->cpu_offset[j]);
			if (run)
				assert_int_equal(bss->cpu_offset[i], first[i]);
			first[i] = bss->cpu_offset[i];
		}
		for (int i = cpus; i < TARE_MAX_CPUS; i++)
			assert_int_equal(bss->cpu_offset[i], 0);
		munmap(bss, info.value_size);
		fixture_close(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percpu_backend), cmocka_unit_test(classic_backend),
		cmocka_unit_test(count_backend),  cmocka_unit_test(wrong_backend),
		cmocka_unit_test(cpu_offsets),
	};

	return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
