# SPDX-License-Identifier: GPL-2.0-only
#
# Builds, installs and tests tare. `make help` lists the targets.
# Everything built goes to $(O); only `install` writes elsewhere.

VERSION = 0.1.0
O = build
PREFIX = /usr/local
DESTDIR =

CC = gcc
CXX = g++
AR = ar
CLANG = clang
BPFTOOL = $(shell PATH="$$PATH:/usr/sbin:/sbin" command -v bpftool || echo bpftool)
PKG_CONFIG = pkg-config
NODE = node
NPM = npm
PROTOC = protoc-c
BATS = bats

LIBS = libbpf libelf libdw zlib glib-2.0 jansson libprotobuf-c sqlite3 gsl libseccomp libcap
LAYERS = base model symbol store capture output bench cli
ARCH := $(patsubst x86_64,x86,$(patsubst aarch64,arm64,$(patsubst riscv64,riscv,$(shell uname -m))))
VMLINUX = vmlinux/$(ARCH)

MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL = all

ifeq ($(V),1)
run =
else
run = @printf '  %-7s %s\n' $(1) '$(patsubst $(O)/%,%,$(or $(2),$@))';
endif

# Flags. CFLAGS is the user's; the rest is needed.

ifeq ($(DEBUG),1)
CFLAGS = -O0 -g3
else
CFLAGS = -O2 -g
endif
ifdef SAN
SAN_FLAGS = -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer
export ASAN_OPTIONS ?= detect_leaks=1:abort_on_error=0
export UBSAN_OPTIONS ?= print_stacktrace=1
export LSAN_OPTIONS ?= suppressions=$(CURDIR)/tests/lsan.supp:print_suppressions=0
endif

# Asked once, and only when something is compiled: `check`, `demo` and `clean`
# work before the libraries are there.
once = $(eval $(1) := $(2))$($(1))
PKG_CFLAGS = $(call once,PKG_CFLAGS,$(call pkg_config,--cflags $(LIBS)))
PKG_LIBS = $(call once,PKG_LIBS,$(call pkg_config,--libs $(LIBS)))
LDLIBS = $(PKG_LIBS) -liberty -lm
CMOCKA = $(call once,CMOCKA,$(call pkg_config,--cflags --libs cmocka))
pkg_config = $(or $(shell $(PKG_CONFIG) $(1)),$(error libraries missing: try `sudo tools/setup`))

C_FLAGS = -std=gnu11 -Wall -Wextra $(CFLAGS) $(SAN_FLAGS) \
	-D_GNU_SOURCE -I user -I . -I $(O)/gen $(PKG_CFLAGS)
BPF_FLAGS = -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_$(ARCH) -Wall \
	-I $(VMLINUX) -I bpf -I .
DEPS = -MMD -MP

# Files

# Of output/, each folder is a room.
src := $(foreach layer,$(LAYERS),$(wildcard user/$(layer)/*.c user/$(layer)/*/*.c))
obj := $(patsubst %.c,$(O)/%.o,$(src))
pages := bench run
page_html := $(patsubst %,$(O)/gen/%.page.html,$(pages))
embedded := $(wildcard user/output/*/*.schema.json user/store/*.sql) $(page_html)
embedded_obj := $(patsubst %,$(O)/gen/%.o,$(notdir $(embedded)))
main_obj := $(O)/user/cli/main.o
proto_obj := $(patsubst user/output/stacks/%.proto,$(O)/gen/%.pb-c.o,$(wildcard user/output/stacks/*.proto))
lib_obj := $(filter-out $(main_obj),$(obj)) $(embedded_obj) $(proto_obj)

# state.bpf.c first: libbpf 1.1's linker misplaces a map that is declared before it is defined.
bpf_obj := $(patsubst %.c,$(O)/%.o,bpf/state.bpf.c $(filter-out bpf/state.bpf.c,$(wildcard bpf/*.bpf.c)))
skeleton := $(O)/gen/tare.skel.h

unit_tests := $(patsubst %.c,$(O)/%,$(wildcard tests/unit/test_*.c))
bpf_tests := $(patsubst %.c,$(O)/%,$(wildcard tests/bpf/test_*.c))
renderers := $(patsubst %.c,$(O)/%,$(wildcard tests/golden/render*.c))
browser_needs = $(O)/tests/browser/fill $(call modules,browser)
fuzzers := $(patsubst %.c,$(O)/%,$(wildcard tests/fuzz/fuzz_*.c))
programs := $(patsubst tests/programs/%.c,$(O)/programs/%,$(wildcard tests/programs/*.c)) \
	$(patsubst tests/programs/%.cc,$(O)/programs/%,$(wildcard tests/programs/*.cc))
man := $(wildcard user/man/*.1)

.PHONY: all help
all: $(O)/tare

help:
	@echo 'make              build $(O)/tare'
	@echo 'make demo         install what is missing, build, weigh a real program'
	@echo 'make check        install what is missing, build, lint, run all tests'
	@echo 'make install      to $$(DESTDIR)$$(PREFIX); uninstall takes it away again'
	@echo 'make clean        remove $(O)'
	@echo 'make lint unit bpf-tests golden pages browser e2e check-kernels: each suite'
	@echo '                  (unit, bpf-tests, pages, browser, e2e: T="files" runs only these;'
	@echo '                  check-kernels: KERNELS="6.1 newest", or all)'
	@echo 'make unit-san e2e-san fuzz: the same under sanitizers; random input, FUZZ_TIME=20 s each'
	@echo '                  (fuzz: T="names"; seeds: the corpus anew, by tests/fuzz/seeds.c)'
	@echo 'make format       C as .clang-format has it'
	@echo 'make check-long   loads that last, MINUTES=60 of postgres among them: what was lost'
	@echo 'make bench        overhead, measured'
	@echo 'make results      install all runtimes, weigh them, rewrite RESULTS.md'
	@echo 'V=1 verbose  O=dir  DEBUG=1  SAN=address,undefined  CC= CLANG= BPFTOOL= NODE= NPM= PROTOC= CFLAGS='

# What the objects were made with: written only when it changes, so that other
# flags, another version or a file that went away rebuild what they should.

$(O)/gen/flags: content = $(CC) $(C_FLAGS) / $(CLANG) $(BPF_FLAGS) / $(LDLIBS) $(LDFLAGS)
$(O)/gen/objects: content = $(sort $(lib_obj))
$(O)/gen/bpf-objects: content = $(bpf_obj)
commit = $(shell git describe --always --dirty 2>/dev/null)
$(O)/gen/version.h: content = \#define TARE_VERSION "$(VERSION)$(addprefix -,$(commit))"

.PHONY: FORCE
$(O)/gen/flags $(O)/gen/objects $(O)/gen/bpf-objects $(O)/gen/version.h: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(content)' | cmp -s - $@ || printf '%s\n' '$(content)' >$@

# BPF

$(O)/bpf/%.bpf.o: bpf/%.bpf.c $(O)/gen/flags
	@mkdir -p $(@D)
	$(call run,BPF,$<)$(CLANG) $(BPF_FLAGS) $(DEPS) -c $< -o $@

$(O)/tare.bpf.o: $(bpf_obj) $(O)/gen/bpf-objects
	$(call run,LINK)$(BPFTOOL) gen object $@ $(bpf_obj)

$(skeleton): $(O)/tare.bpf.o
	$(call run,SKEL)$(BPFTOOL) gen skeleton $< name tare_bpf >$@

# User space. The skeleton and the version must be there for the first build;
# after that the depfiles know who includes them.

$(O)/user/%.o: user/%.c $(O)/gen/flags | $(O)/gen/version.h
	@mkdir -p $(@D)
	$(call run,CC,$<)$(CC) $(C_FLAGS) $(DEPS) -c $< -o $@

$(filter $(O)/user/capture/%,$(obj)): | $(skeleton)
$(filter $(O)/user/output/%,$(obj)): | $(proto_obj:.o=.h)

# Messages of protobuf, as C.
$(O)/gen/%.pb-c.c $(O)/gen/%.pb-c.h: user/output/stacks/%.proto
	@mkdir -p $(@D)
	$(call run,PROTO,$<)$(PROTOC) --proto_path=$(<D) --c_out=$(O)/gen $<

# Pages: each folder of web/ named in $(pages) becomes one HTML file, and is embedded
# as `NAME_page_html`. The modules come from npm, as the lock file has them, when it
# changes; none of their install scripts runs.

# Modules are the same for all builds below one.
SHARED = $(O)
NPM_CI = $(NPM) ci --ignore-scripts --no-audit --no-fund --no-update-notifier --silent
modules = $(SHARED)/$(1)/node_modules/.installed
define install_modules
$(call modules,$(1)): $(2)/package.json $(2)/package-lock.json
	@mkdir -p $(SHARED)/$(1)
	@cp $$^ $(SHARED)/$(1)
	$$(call run,NPM,$(2))cd $(SHARED)/$(1) && $(NPM_CI)
	@touch $$@
endef
$(eval $(call install_modules,web,user/output/web))
$(eval $(call install_modules,browser,tests/browser))
$(eval $(call install_modules,pages,tests/pages))

$(O)/gen/%.page.html: $(call modules,web) $(wildcard user/output/web/*.mjs user/output/web/*/*)
	@mkdir -p $(@D)
	$(call run,PAGE)$(NODE) user/output/web/build.mjs $* $(SHARED)/web/node_modules $@

# A file as a C array and its length: report.schema.json becomes
# `const char report_schema_json[]` and `const size_t report_schema_json_len`.
# A NUL, not counted, follows.
define embed
$(O)/gen/$(notdir $(1)).c: $(1)
	@mkdir -p $$(@D)
	$$(call run,EMBED,$$<){ echo '#include <stddef.h>'; \
	echo 'const char $(2)[] = {'; od -An -v -tx1 $$< | sed 's/ \(..\)/0x\1,/g'; echo '0 };'; \
	echo 'const size_t $(2)_len = sizeof($(2)) - 1;'; } >$$@
endef
$(foreach f,$(embedded),$(eval $(call embed,$(f),$(subst -,_,$(subst .,_,$(notdir $(f)))))))

$(O)/gen/%.o: $(O)/gen/%.c $(O)/gen/flags
	@$(CC) $(C_FLAGS) -c $< -o $@

$(O)/libtare.a: $(lib_obj) $(O)/gen/objects
	@rm -f $@
	$(call run,AR)$(AR) qcs $@ $(lib_obj)

$(O)/tare: $(main_obj) $(O)/libtare.a
	$(call run,LINK)$(CC) $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Install

share = $(PREFIX)/share/tare

.PHONY: install uninstall clean
install: all
	install -d '$(DESTDIR)$(PREFIX)/bin' '$(DESTDIR)$(PREFIX)/share/man/man1'
	install -m 755 $(O)/tare '$(DESTDIR)$(PREFIX)/bin/tare'
	$(if $(man),install -m 644 $(man) '$(DESTDIR)$(PREFIX)/share/man/man1')
	install -d '$(DESTDIR)$(share)'
	cp -R --no-preserve=ownership tools/workloads tools/runtimes '$(DESTDIR)$(share)'

uninstall:
	rm -f '$(DESTDIR)$(PREFIX)/bin/tare' \
		$(foreach m,$(notdir $(man)),'$(DESTDIR)$(PREFIX)/share/man/man1/$(m)')
	rm -rf '$(DESTDIR)$(share)'

clean:
	rm -rf $(O)

# Tests. Every suite prints TAP; tools/tap shows and counts it.

$(O)/tests/%: tests/%.c $(O)/libtare.a
	@mkdir -p $(@D)
	$(call run,CC,$<)$(CC) $(C_FLAGS) $(DEPS) -o $@ $< $(O)/libtare.a $(CMOCKA) $(LDLIBS) $(LDFLAGS)

$(bpf_tests): | $(skeleton)

# A program's own flags stand in it, on a line `/* build: -static -lrt */`.
own_flags = $$(sed -n 's|^/\* build: \(.*\) \*/$$|\1|p' $<)

$(O)/programs/%: tests/programs/%.c
	@mkdir -p $(@D)
	$(call run,CC,$<)$(CC) -std=gnu11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -pthread $(DEPS) -o $@ $< $(own_flags)

$(O)/programs/%: tests/programs/%.cc
	@mkdir -p $(@D)
	$(call run,CXX,$<)$(CXX) -O1 -g -Wall -Wextra -pthread $(DEPS) -o $@ $< $(own_flags)

.PHONY: programs build-tests unit bpf-tests golden pages browser e2e check-kernels lint format
.PHONY: unit-san e2e-san fuzz fuzzers seeds check check-long demo bench results
programs: $(programs)
build-tests: $(O)/tare $(unit_tests) $(bpf_tests) $(programs) $(browser_needs)

export TARE := $(abspath $(O)/tare)
export PROGRAMS := $(abspath $(O)/programs)
export O CC

unit: export CMOCKA_MESSAGE_OUTPUT = TAP
unit: $(unit_tests)
	@tools/tap $(or $(SUITE),unit) $(or $(T),$(unit_tests))

bpf-tests: export CMOCKA_MESSAGE_OUTPUT = TAP
bpf-tests: $(bpf_tests)
	@tools/tap bpf-tests $(or $(T),$(bpf_tests))

golden: $(O)/tare
	@tools/tap golden $(wildcard tests/golden/check)

browser: $(browser_needs)
	@tools/tap browser $(patsubst %,'$(NODE) --test-reporter=tap %',$(or $(T),$(wildcard tests/browser/test_*.mjs)))

# The pages' modules that need no page, by node alone.
pages:
	@tools/tap pages $(patsubst %,'$(NODE) --test --test-reporter=tap %',$(or $(T),$(wildcard tests/pages/test_*.mjs)))

e2e: $(O)/tare $(programs)
	@tools/tap e2e '$(BATS) --tap $(or $(T),tests/e2e)'

check-kernels: $(O)/tare $(programs)
	@tools/tap check-kernels $(wildcard tests/kernels/run)

# The same under AddressSanitizer and UndefinedBehaviorSanitizer, each in a build of its
# own: all unit tests, end to end what reads most and writes most, and random input.
# SAN_RUN: a make with them, whatever this one was called with.

SAN_RUN = +@$(MAKE) --no-print-directory SHARED=$(SHARED)
SAN_E2E = run attach snapshot limits record stacks bench_own

unit-san:
	$(SAN_RUN) O=$(O)/san SAN=address,undefined SUITE=unit-san unit

e2e-san: $(programs)
	$(SAN_RUN) O=$(O)/san SAN=address,undefined e2e-san-run PROGRAMS=$(PROGRAMS)

.PHONY: e2e-san-run
e2e-san-run: $(O)/tare
	@TARE_PATIENCE=10 tools/tap e2e-san '$(BATS) --tap $(or $(T),$(wildcard $(SAN_E2E:%=tests/e2e/%.bats)))'

fuzz:
	$(SAN_RUN) O=$(O)/fuzz CC=$(CLANG) SAN=fuzzer-no-link,address,undefined \
		CFLAGS='-O1 -g -Wno-unused-variable -Wno-unused-parameter' fuzz-run

.PHONY: fuzz-run
fuzz-run: $(fuzzers) $(O)/tests/fuzz/seeds
	@FUZZ_DIR=$(O)/tests/fuzz $(O)/tests/fuzz/seeds stores $(O)/tests/fuzz/corpus
	@tools/tap fuzz 'tools/fuzz $(or $(T:%=$(O)/tests/fuzz/fuzz_%),$(fuzzers))'

$(O)/tests/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(O)/libtare.a
	@mkdir -p $(@D)
	$(call run,FUZZ,$<)$(CC) $(C_FLAGS) -fsanitize=fuzzer $(DEPS) -o $@ $< $(O)/libtare.a $(LDLIBS) $(LDFLAGS)

seeds: $(O)/tests/fuzz/seeds
	$< texts tests/fuzz/corpus
	$(CC) -Os -g -fPIC -shared -nostdlib -fno-ident -ffile-prefix-map=$(CURDIR)=. -gno-record-gcc-switches \
		-Wl,--build-id=sha1 -o tests/fuzz/corpus/module/program tests/fuzz/seed.c

# Who uses whom is read out of the objects; eslint is there where npm is.
lint: $(obj) $(bpf_obj) $(if $(shell command -v $(NPM)),$(call modules,pages))
	@MODULES=$(abspath $(dir $(call modules,pages))) tools/tap lint 'tools/lint $(O)'

format:
	clang-format -i $(wildcard bpf/*.[ch] user/*/*.[ch] user/*/*/*.[ch] tests/*/*.[ch])

# The two commands of the README. They run on a machine that has make, no more.

check:
	@SAN='$(SAN)' tools/check $(MAKE) O=$(O)$(if $(SAN),/san)

demo:
	@tools/setup demo
	@$(MAKE) --no-print-directory all
	$(O)/tare run -- /usr/bin/python3 tools/demo.py

# Loads that last: an hour and a half with MINUTES=60, the default. LOADS="name …": these.
MINUTES = 60
check-long:
	@tools/setup build test long
	@$(MAKE) --no-print-directory build-tests
	@tests/long/check --minutes $(MINUTES) $(LOADS)

bench: $(O)/tare $(programs)
	tools/bench/run

# Hours: every runtime that can be had is installed and weighed.
results: $(O)/tare
	tools/results $(O)/results.db

-include $(obj:.o=.d) $(bpf_obj:.o=.d) \
	$(addsuffix .d,$(fuzzers) $(O)/tests/fuzz/seeds $(unit_tests) $(bpf_tests) $(programs) $(renderers) $(O)/tests/browser/fill)
