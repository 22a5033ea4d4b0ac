/* SPDX-License-Identifier: GPL-2.0-only
 *
 * seeds texts|stores FOLDER: writes the fuzzers' first inputs. `texts` writes the texts and
 * records of tests/fuzz/corpus (`make seeds`), which also holds inputs that once broke
 * something. `stores` writes database files: they are large and change with the schema, so
 * `make fuzz` makes them beside the fuzzers instead.
 */
#include "tests/fuzz/elf.h"
#include "tests/fuzz/recording.h"
#include "tests/unit/go_table.h"

#define assert_int_equal(a, b) must((a) == (b))
#define assert_true(x) must(x)
#define fail_msg(...) (printf(__VA_ARGS__), abort())
#include "tests/unit/bench_file.h"

static const char *corpus;

static void seed(const char *fuzzer, const char *name, const void *data, size_t size)
{
	g_autofree char *folder = g_build_filename(corpus, fuzzer, NULL);
	g_autofree char *path = g_build_filename(folder, name, NULL);

	g_mkdir_with_parents(folder, 0755);
	must(g_file_set_contents_full(path, data, (gssize)size, G_FILE_SET_CONTENTS_NONE, 0644,
				      NULL));
}

static void seed_text(const char *fuzzer, const char *name, const char *text)
{
	seed(fuzzer, name, text, strlen(text));
}

static void seed_file(const char *fuzzer, const char *name, const char *path)
{
	g_autofree char *data = NULL;
	gsize size;

	must(g_file_get_contents(path, &data, &size, NULL));
	seed(fuzzer, name, data, size);
	unlink(path);
}

static void stores(void)
{
	g_autofree char *path = file_named("seed");

	write_recording(path, fixture_empty());
	seed_file("recording", "empty", path);
	write_recording(path, fixture_profile());
	seed_file("recording", "profile", path);
	file = path;
	write_some();
	seed_file("bench", "bytes", path);
}

/* Inputs for the fuzzers that change values of such files. */
static void changes(void)
{
	seed("recording_values", "some", "\0\0\3\0\7\1\0\2\3\1\2\5\0\4", 14);
	seed("recording_values", "all", "\1\7\5\1\3\1\1\377\377\2\1\0\4", 13);
	seed("bench", "values", "\1\3\0\7\1\0\2\3\1\2\5\0\4", 13);
}

static void texts(void)
{
	static const char perf[] = "\xff\0\0a\0\x7f"
				   "1000 80 one\n1040 20 two words\n10 4 py::f:/a.py\n";

	static const char names[] = "\0\033[31m\303\244\342\200\256\377\001 wide \344\270\255\n";

	seed("perfmap", "names", perf, sizeof(perf) - 1);
	seed_text("proc", "stat",
		  "\4tare7 (a) R) S 1 7 7 0 -1 4194560 117 0 0 0 0 0 0 0 20 0 1 0 4711 9\n");
	seed_text("proc", "maps",
		  "\x10tare-4711-123456\n"
		  "5555-6555 r-xp 00000000 fd:01 4711   /usr/bin/x y (deleted)\n"
		  "7ffc0000-7ffd0000 rw-p 00000000 00:00 0   [stack]\n");
	seed_text(
		"proc", "mounts",
		"\6/a/b/c36 35 0:32 /a /sys/fs/cgroup\\040x rw shared:1 - cgroup cgroup rw,memory\n"
		"4:memory:/a/b:c\n0::/../x\n");
	seed_text("proc", "slabs",
		  "\0041.5MkB io_kiocb 12 16 256 16 1 : tunables 0 0 0 : slabdata 1 1 0\n"
		  "sock 4096\nffffffff81000000 T _text\nffffffff81000100 t x [m]\n");
	seed("proc", "names", names, sizeof(names) - 1);
	seed_text("names", "cxx", "_ZNSt6vectorIiSaIiEE9push_backEOi");
	seed_text("names", "rust", "_RNvMNtC5alloc3vecINtB2_3VecpE4push");
	seed_text("names", "d", "_D3std5stdio8writelnFAyaZv");
	seed_text("catalogue", "one",
		  "{\"schema\":\"tare.workloads/1\",\"workloads\":[{\"id\":\"a\",\"title\":\"t\","
		  "\"language\":\"C\",\"family\":\"sleep\",\"task\":\"x\",\"root\":\"bookworm\","
		  "\"build\":\"cc {src}\",\"run\":[\"{out}\",\"{n}\"],\"version\":\"v\","
		  "\"needs\":[],\"packages\":[\"gcc\"],\"max\":10,\"limits\":null,"
		  "\"stackful\":true,\"after\":false,\"env\":{\"A\":\"b\"}}],"
		  "\"published\":[{\"source\":\"s\",\"version\":\"1\",\"workloads\":[\"a\"],"
		  "\"rss\":{\"10\":4096}}]}");
	seed_text("agent", "config",
		  "clisten = 127.0.0.1:9464\nlisten = unix:/run/a\nlisten = [::1]:1\n"
		  "token-file = /t\ngroups = 10\nargv = shown\nmemory = 64MiB\nperiod = 0\n"
		  "dump-dir = /d\ndump-when = pod web* grows > 500MiB in 60s\ndump-on = max\n"
		  "dump-keep = 3\ndump-pause = 1m\noomd-hook = /run/h\n# x\n");
	seed_text("agent", "varlink",
		  "v{\"method\":\"io.systemd.oom.Prekill.Notify\","
		  "\"parameters\":{\"cgroup\":\"/a/b.slice\"},\"oneway\":false}");
	seed_text("agent", "interface",
		  "v{\"method\":\"org.varlink.service.GetInterfaceDescription\","
		  "\"parameters\":{\"interface\":\"io.systemd.oom.Prekill\"}}");
	seed_text("agent", "path",
		  "p/kubepods.slice/kubepods-pod31dd4a9c_98a5_4a7c_9b4f_0f2f2f3d7c11.slice/"
		  "cri-containerd-0123456789abcdef0123456789abcdef.scope/a\\x2db.service");
	seed_text("agent", "machine", "p/machine.slice/machine-\\x41.scope/lxc.payload.x/snap.a.b");
	seed_text("agent", "docker",
		  "j0{\"Name\":\"/web\",\"Config\":{\"Labels\":{\"io.kubernetes.pod.name\":"
		  "\"p\"}}}");
	seed_text("agent", "bundle",
		  "j1{\"annotations\":{\"io.kubernetes.cri.sandbox-name\":\"s\"}}");
	seed_text("agent", "accept",
		  "aapplication/openmetrics-text;version=1.0.0;q=0.75,text/plain;q=0.5,gzip;q=0");
	seed_text("options", "run", "\5--period\n64k\n-r\nx.tare\n--interval=1.5s\n--\nsh\n-c\n");
	seed_text("options", "attach", "\1-p\n1,2\n--max-mms\n9\n--ring-size\n1G\n--slab\n");
	seed_text("options", "bench", "\2--tasks\n1,10k\n--runs\n3\n--limit\n2m\n--\nx\n{n}\n");
	seed_text("options", "report", "\3--format\ncsv\nresults.db\n");
	seed_text("options", "compare", "\4a.db\nb.db\n-o\nx.md\n");
}

/* One CIE and one FDE: at first CFA = rsp + 8; then rbp is pushed and becomes the frame
 * pointer. */
static void rules(void)
{
	static const uint8_t frames[] = {
		0x14, 0,    0,    0, 0,    0,    0,    0,  1,    'z',  'R',  0,
		1,    0x78, 16,   1, 0x1b, 0x0c, 7,    8,  0x90, 1,    0,    0, /* cfa rsp+8 */
		0x1c, 0,    0,    0, 0x1c, 0,    0,    0,  0xe0, 0xef, 0xff, 0xff,
		0,    0x10, 0,    0, 0,    0x41, 0x0e, 16, 0x86, 2,    0x43, 0x0d,
		6,    0x0a, 0x0f, 3, 0x77, 8,    0x06, 0,  0,    0,    0,
	};
	struct small_elf elf;
	GByteArray *in = g_byte_array_new();
	uint16_t n = sizeof(frames);
	uint64_t stack[32];

	for (unsigned i = 0; i < G_N_ELEMENTS(stack); i++)
		stack[i] = i & 1 ? TEXT + 0x40 + i : STACK_AT + 16 * i;
	g_byte_array_append(in, (const uint8_t *)&n, sizeof(n));
	g_byte_array_append(in, frames, sizeof(frames));
	g_byte_array_append(in, (const uint8_t *)stack, sizeof(stack));
	seed("cfi", "frame-pointer", in->data, in->len);
	g_byte_array_free(in, TRUE);
	elf_fill(&elf, frames, sizeof(frames));
	seed("module", "rules", &elf, sizeof(elf));
}

/* Where the code begins, where the tree is, addresses, and the table. */
static void go_tables(void)
{
	static const char *const names[] = { "116", "118", "120" };

	for (enum go_layout layout = 0; layout < GO_LAYOUTS; layout++) {
		g_autoptr(GByteArray) in = g_byte_array_new(), table = go_table(layout);
		g_autoptr(GByteArray) tree = go_tree(layout);

		go_number(in, GO_TEXT, 3);
		go_number(in, table->len, 2);
		for (unsigned i = 0; i < 12; i++)
			go_number(in, GO_TEXT + i * 0x10, 3);
		g_byte_array_append(in, table->data, table->len);
		g_byte_array_append(in, tree->data, tree->len);
		seed("gopclntab", names[layout], in->data, in->len);
	}
}

static void records(void)
{
	uint8_t some[600];

	for (unsigned i = 0; i < sizeof(some); i++)
		some[i] = (uint8_t)(i * 7 + i / 16);
	seed("proctable", "some", some, sizeof(some));
	seed("sampler", "some", some, sizeof(some));
	seed("python", "some", some, sizeof(some));
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	corpus = argv[2];
	if (!strcmp(argv[1], "stores")) {
		stores();
	} else {
		texts();
		rules();
		go_tables();
		records();
		changes();
	}
	return 0;
}
