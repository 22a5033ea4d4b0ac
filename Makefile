# SPDX-License-Identifier: GPL-2.0-only
#
# Builds, installs and tests tare. `make help` lists the targets.
# Everything built goes to $(O); only `install` writes elsewhere.

VERSION = 0.1.0
HOST := $(patsubst x86_64,x86,$(patsubst aarch64,arm64,$(patsubst riscv64,riscv,$(shell uname -m))))
ARCH = $(HOST)
CROSS := $(filter-out $(HOST),$(ARCH))
O = build$(CROSS:%=/%)
PREFIX = /usr/local
DESTDIR =

# For another architecture: Debian's cross compiler, against a root of its libraries.
TRIPLE_arm64 = aarch64-linux-gnu
TRIPLE_riscv = riscv64-linux-gnu
TRIPLE_x86 = x86_64-linux-gnu
TRIPLE = $(TRIPLE_$(ARCH))
ifeq ($(CROSS),)
CC = gcc
CXX = g++
AR = ar
OBJCOPY = objcopy
PKG_CONFIG = pkg-config
else
ROOT = $(CURDIR)/build/$(ARCH)-root
CC = $(TRIPLE)-gcc --sysroot=$(ROOT)
CXX = $(TRIPLE)-g++ --sysroot=$(ROOT)
AR = $(TRIPLE)-ar
OBJCOPY = $(TRIPLE)-objcopy
# libRmath.pc is in usr/lib/pkgconfig.
PKG_CONFIG = PKG_CONFIG_LIBDIR=$(subst $() ,:,$(patsubst %,$(ROOT)/usr/%/pkgconfig,\
		lib/$(TRIPLE) lib share)) \
	PKG_CONFIG_SYSROOT_DIR=$(ROOT) pkg-config
endif
CLANG = clang
BPFTOOL = $(shell PATH="$$PATH:/usr/sbin:/sbin" command -v bpftool || echo bpftool)
NODE = node
NPM = npm
PROTOC = protoc-c
BATS = bats

LIBS = libbpf libelf libdw zlib glib-2.0 jansson libprotobuf-c sqlite3 libRmath libseccomp libcap \
	ncursesw libmicrohttpd
LAYERS = base model symbol store capture output bench agent cli
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
export ASAN_OPTIONS ?= detect_leaks=1:abort_on_error=0:suppressions=$(CURDIR)/tests/asan.supp
export UBSAN_OPTIONS ?= print_stacktrace=1
export LSAN_OPTIONS ?= suppressions=$(CURDIR)/tests/lsan.supp:print_suppressions=0
endif

# Hardening, which tools/hardening checks. Sanitizers and -O0 do not go with it.
HARDEN_x86 = -fcf-protection=full
HARDEN_arm64 = -mbranch-protection=standard
ifeq ($(SAN)$(filter 1,$(DEBUG)),)
HARDEN = -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong \
	-fstack-clash-protection -fPIE $(HARDEN_$(ARCH))
HARDEN_LINK = $(if $(STATIC),-static-pie,-pie) -Wl,-z,relro,-z,now,-z,noexecstack,-z,text
endif

# The same source gives the same bytes in every folder.
SAME_PATHS = -ffile-prefix-map=$(CURDIR)=. $(if $(CROSS),-ffile-prefix-map=$(ROOT)=)

# STATIC=1: one file without libraries. `static` in pkg-config's files is not always complete or
# possible: see static_libs.
STATIC =
STATIC_FLAGS = $(if $(STATIC),-DTARE_STATIC)

# pkg-config runs once, and only when something is compiled: `check`, `demo` and `clean` work
# before the libraries are installed.
once = $(eval $(1) := $(2))$($(1))
PKG_CFLAGS = $(call once,PKG_CFLAGS,$(call pkg_config,--cflags $(LIBS)))
PKG_LIBS = $(call once,PKG_LIBS,$(if $(STATIC),$(static_libs),$(call pkg_config,--libs $(LIBS))))
LDLIBS = $(PKG_LIBS) -liberty -lm
CMOCKA = $(call once,CMOCKA,$(call pkg_config,--cflags --libs cmocka))
pkg_config = $(or $(shell $(PKG_CONFIG) $(1)),$(error libraries missing: try `sudo tools/setup`))

# dlopen() brings a second libc into a static process, so it fails: user/base/static_libc.c.
# Debian has no static GnuTLS. libmicrohttpd uses it for TLS only, which tare does not.
with_http := $(filter libmicrohttpd,$(LIBS))
static_libs = $(call pkg_config,--static --libs $(filter-out libmicrohttpd,$(LIBS))) \
	$(if $(with_http),$(call pkg_config,--libs libmicrohttpd) $(no_gnutls)) -Wl,--wrap=dlopen
http_archive = $(call pkg_config,--variable=libdir libmicrohttpd)/libmicrohttpd.a
no_gnutls = $(patsubst %,-Wl$(comma)--defsym=%=tare_no_gnutls,\
	$(shell nm -u $(http_archive) 2>/dev/null | sed -n 's/^ *U \(gnutls_.*\)/\1/p' | sort -u))
comma = ,

C_FLAGS = -std=gnu11 -Wall -Wextra $(CFLAGS) $(HARDEN) $(SAME_PATHS) $(STATIC_FLAGS) $(SAN_FLAGS) \
	-D_GNU_SOURCE -I user -I bpf/arch/$(ARCH) -I . -I $(O)/gen $(PKG_CFLAGS)
BPF_FLAGS = -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_$(ARCH) -Wall \
	-I $(VMLINUX) -I bpf/arch/$(ARCH) -I bpf -I . $(SAME_PATHS)
DEPS = -MMD -MP

# Files

# output/ has folders of its own, one for each kind of output.
src := $(foreach layer,$(LAYERS),$(wildcard user/$(layer)/*.c user/$(layer)/*/*.c))
obj := $(patsubst %.c,$(O)/%.o,$(src))
pages := bench diff run
page_html := $(patsubst %,$(O)/gen/%.page.html,$(pages))
embedded := $(wildcard user/output/*/*.schema.json user/store/*.sql user/model/*.rules \
	user/cli/completion/tare.*) $(page_html)
embedded_obj := $(patsubst %,$(O)/gen/%.o,$(notdir $(embedded)))
main_obj := $(O)/user/cli/main.o
proto_obj := $(patsubst user/output/stacks/%.proto,$(O)/gen/%.pb-c.o,\
	$(wildcard user/output/stacks/*.proto))
lib_obj := $(filter-out $(main_obj),$(obj)) $(embedded_obj) $(proto_obj)

# state.bpf.c comes first: libbpf 1.1's linker misplaces a map that is declared before its
# definition.
bpf_obj := $(patsubst %.c,$(O)/%.o,\
	bpf/state.bpf.c $(filter-out bpf/state.bpf.c,$(wildcard bpf/*.bpf.c)))
skeleton := $(O)/gen/tare.skel.h

unit_tests := $(patsubst %.c,$(O)/%,$(wildcard tests/unit/test_*.c))
bpf_tests := $(patsubst %.c,$(O)/%,$(wildcard tests/bpf/test_*.c))
renderers := $(patsubst %.c,$(O)/%,$(wildcard tests/golden/render*.c))
browser_needs = $(O)/tests/browser/make_pages $(call modules,browser)
fuzzers := $(patsubst %.c,$(O)/%,$(wildcard tests/fuzz/fuzz_*.c))
programs := $(patsubst tests/programs/%.c,$(O)/programs/%,$(wildcard tests/programs/*.c)) \
	$(patsubst tests/programs/%.cc,$(O)/programs/%,$(wildcard tests/programs/*.cc))
man := $(wildcard user/man/*.1)
man5 := $(wildcard user/man/*.5)

.PHONY: all help
all: $(O)/tare

help:
	@echo 'make                       build $(O)/tare (make all)'
	@echo 'make demo                  install what is missing, build, weigh a real program'
	@echo 'make check                 install what is missing, build, lint, run all tests'
	@echo 'make install               to $$(DESTDIR)$$(PREFIX)'
	@echo 'make uninstall             remove what make install installed'
	@echo 'make clean                 remove $(O)'
	@echo 'make static                one file without libraries: $(O)/static/tare'
	@echo 'make deb                   a package of the static file: $(O)/packages'
	@echo 'make rpm                   the same as an rpm'
	@echo 'make stage                 what both pack, as a tree of files'
	@echo 'make dist                  a source archive that builds without node or network'
	@echo 'make release VERSION=1.2.3 archive, static files, packages: build/release'
	@echo 'make help                  this text'
	@echo
	@echo 'make lint                  check format, layers, lengths and other rules'
	@echo 'make format                format C files by .clang-format'
	@echo 'make compile_commands.json how each file is compiled, for editors'
	@echo 'make programs              build the programs that the tests run'
	@echo 'make build-tests           build everything that the tests need'
	@echo 'make build-guest           build what the guests of check-kernels run'
	@echo
	@echo 'make unit                  unit tests; T=test_proctable builds and runs only these'
	@echo 'make bpf-tests             the BPF programs, loaded for real; T=test_load likewise'
	@echo 'make golden                the printers; tests/golden/record writes new golden files'
	@echo 'make pages                 modules of the pages, in node; T="files": only these'
	@echo 'make browser               the pages, in Chromium; T="files": only these'
	@echo 'make e2e                   tare end to end; T="files": only these'
	@echo 'make check-kernels         tare on other kernels; KERNELS="6.1 newest", or all'
	@echo 'make unit-san              unit tests under sanitizers'
	@echo 'make e2e-san               part of e2e under sanitizers: what reads and writes most'
	@echo 'make fuzz                  the fuzzers, with the same input each time; T="names"'
	@echo 'make fuzz FUZZ_TIME=60     search for new failing input, 60 seconds each'
	@echo 'make seeds                 write the first corpus of the fuzzers anew'
	@echo 'make check-static          the static file, and end to end with it; T="files"'
	@echo 'make check-long            long loads; MINUTES=60, LOADS="names"'
	@echo 'make check-release         a release made twice: the same bytes; its files run'
	@echo 'make check-packages        install, run and remove the packages in bare systems'
	@echo 'make check-dist            build the source archive in a bare Debian'
	@echo
	@echo 'make overhead              measure what tare costs a fault storm and other loads'
	@echo 'make bench-top             what tare top costs beside 200 and 1,000 processes'
	@echo 'make bench-scrape          what a scrape of 500 control groups takes'
	@echo 'make bench-agent           measure what tare agent costs'
	@echo 'make soak                  tare agent for an hour; MINUTES=60'
	@echo 'make results               install and weigh all runtimes for RESULTS.md: hours;'
	@echo '                           BUSY=1: beside others   BENCH="--only go,node"'
	@echo
	@echo 'ARCH=arm64, ARCH=riscv: build for another architecture, in build/ARCH'
	@echo 'V=1: commands in full   O=DIR: build there   NODE=: no pages'
	@echo 'DEBUG=1   SAN=address,undefined'
	@echo 'Tools: CC CXX CLANG BPFTOOL NODE NPM PROTOC BATS   flags: CFLAGS LDFLAGS'

# How the objects are built. Each file is written only when its content changes, so that other
# flags, another version or a removed file rebuild what depends on them.

$(O)/gen/flags: content = $(CC) $(C_FLAGS) / $(CLANG) $(BPF_FLAGS) / $(LDLIBS) $(LDFLAGS) \
	$(HARDEN_LINK)
$(O)/gen/objects: content = $(sort $(lib_obj))
$(O)/gen/bpf-objects: content = $(bpf_obj)
$(O)/gen/pages-by: content = $(pages_by)
# A source archive has no history; it has the commit in a file.
describe = git describe --always --exclude='*' --abbrev=12
commit = $(shell cat .commit 2>/dev/null || $(describe) --dirty 2>/dev/null)
$(O)/gen/version.h: content = \#define TARE_VERSION "$(VERSION)$(addprefix -,$(commit))"
# The libraries with the versions that tare is built with, as elements of a C array.
library_versions = $(call pkg_config,--modversion $(LIBS))
$(O)/gen/libraries.h: content = $(subst :, ,$(join $(LIBS:%="%:),$(library_versions:%=%"$(comma))))

ifneq ($(CROSS),)
$(O)/gen/flags $(O)/gen/libraries.h: | $(ROOT)/.made
$(ROOT)/.made: tools/cross-root
	tools/cross-root $(ARCH) $(ROOT)
	@touch $@
endif

.PHONY: FORCE
$(O)/gen/flags $(O)/gen/objects $(O)/gen/bpf-objects $(O)/gen/version.h $(O)/gen/pages-by \
$(O)/gen/libraries.h: FORCE
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

# The names of the BPF programs' types, sorted, as the elements of a C array.
$(O)/gen/types.h: $(O)/tare.bpf.o
	$(call run,TYPES)$(BPFTOOL) btf dump file $< | \
		sed -nE "s/^\[[0-9]+\] [A-Z0-9_]+ '([^']+)'.*/\1/p" | \
		sed 's/___.*//' | LC_ALL=C sort -u | sed 's/.*/"&",/' >$@

# User space. The skeleton and the version must exist before the first build; after that the
# depfiles know which files include them.

$(O)/user/%.o: user/%.c $(O)/gen/flags | $(O)/gen/version.h $(O)/gen/libraries.h
	@mkdir -p $(@D)
	$(call run,CC,$<)$(CC) $(C_FLAGS) $(DEPS) -c $< -o $@

$(filter $(O)/user/capture/%,$(obj)): | $(skeleton) $(O)/gen/types.h
$(filter $(O)/user/output/%,$(obj)): | $(proto_obj:.o=.h)

# C code for the protobuf messages.
$(O)/gen/%.pb-c.c $(O)/gen/%.pb-c.h: user/output/stacks/%.proto
	@mkdir -p $(@D)
	$(call run,PROTO,$<)$(PROTOC) --proto_path=$(<D) --c_out=$(O)/gen $<

# Pages: each folder of web/ named in $(pages) becomes one HTML file, which is embedded as
# `NAME_page_html`. When the lock file changes, npm installs the modules that it lists, without
# running their install scripts. A source archive has the pages bundled; they are used unless a
# file in web/ is newer. Without them and without node (or with NODE=) the pages are empty, and
# tare says what is missing when it should write HTML.

web := $(wildcard user/output/web/*.mjs user/output/web/*.json user/output/web/*/*)
bundled := $(wildcard $(pages:%=user/output/web/bundled/%.page.html))
web_changed = $(shell find $(filter-out $(bundled),$(web)) -newer $(firstword $(bundled)))
have_node = $(and $(shell command -v $(or $(NODE),-)),$(shell command -v $(or $(NPM),-)))
pages_by := $(strip $(if $(and $(bundled),$(if $(web_changed),,same)),archive,\
	$(if $(have_node),node,nobody)))
no_pages = without the HTML pages: node or npm is missing (see tools/setup and "make dist")

# Modules are shared by a build and all builds in folders below it.
SHARED = $(if $(CROSS),build,$(O))
NPM_CI = $(NPM) ci --ignore-scripts --no-audit --no-fund --no-update-notifier --silent
modules = $(SHARED)/$(1)/node_modules/.installed
define install_modules
$(call modules,$(1)): $(2)/package.json $(2)/package-lock.json
	@mkdir -p $(SHARED)/$(1)
	@cp $$^ $(SHARED)/$(1)
	$$(call run,NPM,$(2))cd $(SHARED)/$(1) && $(NPM_CI) || \
		{ echo 'npm could not install the modules; "make NODE=" builds without the pages'; \
		exit 1; }
	@touch $$@
endef
$(eval $(call install_modules,web,user/output/web))
$(eval $(call install_modules,browser,tests/browser))
$(eval $(call install_modules,pages,tests/pages))

page_recipe_node = $(NODE) user/output/web/build.mjs $* $(SHARED)/web/node_modules $@
page_recipe_archive = cp user/output/web/bundled/$*.page.html $@
page_recipe_nobody = : >$@

$(O)/gen/%.page.html: $(if $(filter node,$(pages_by)),$(call modules,web)) $(web) $(O)/gen/pages-by
	@mkdir -p $(@D)
	$(call run,PAGE)$(page_recipe_$(pages_by))

# Embeds a file as a C array with its length: report.schema.json becomes
# `const char report_schema_json[]` and `const size_t report_schema_json_len`. A NUL follows,
# which the length does not count.
define embed
$(O)/gen/$(notdir $(1)).c: $(1)
	@mkdir -p $$(@D)
	$$(call run,EMBED,$$<){ echo '#include <stddef.h>'; \
	echo 'const char $(2)[] = {'; od -An -v -tx1 $$< | sed 's/ \(..\)/0x\1,/g'; echo '0 };'; \
	echo 'const size_t $(2)_len = sizeof($(2)) - 1;'; } >$$@
endef
$(foreach f,$(embedded),$(eval $(call embed,$(f),$(subst -,_,$(subst .,_,$(notdir $(f)))))))

$(main_obj): private C_FLAGS += -DTARE_TRIPLE=\"$(TRIPLE)\"

$(O)/gen/%.o: $(O)/gen/%.c $(O)/gen/flags
	@$(CC) $(C_FLAGS) -c $< -o $@

$(O)/libtare.a: $(lib_obj) $(O)/gen/objects
	@rm -f $@
	$(call run,AR)$(AR) qcs $@ $(lib_obj)

tare_file = $(O)/tare$(if $(STATIC),.full)
$(tare_file): $(main_obj) $(O)/libtare.a
	$(call run,LINK)$(CC) $(CFLAGS) $(HARDEN_LINK) $(SAN_FLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) \
		$(if $(STATIC),-Wl$(comma)-Map=$@.map)
	$(if $(filter nobody,$(pages_by)),@echo '  NOTE    tare is built $(no_pages)')

# The static file: without debug information, which is in the file beside it.
ifneq ($(STATIC),)
$(O)/tare: $(O)/tare.full
	$(call run,SPLIT)cd $(O) && \
		$(OBJCOPY) --only-keep-debug --compress-debug-sections tare.full tare.debug && \
		$(OBJCOPY) --strip-all --add-gnu-debuglink=tare.debug tare.full tare
endif

# Install

share = $(PREFIX)/share/tare
# Where each shell looks for completions. A package for Debian gives its own ZSH_DIR.
ZSH_DIR = $(PREFIX)/share/zsh/site-functions
completions = '$(DESTDIR)$(PREFIX)/share/bash-completion/completions/tare' \
	'$(DESTDIR)$(ZSH_DIR)/_tare' \
	'$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/tare.fish'
# The agent's unit is enabled by nobody but the admin.
unit := $(wildcard tools/agent/tare-agent.service)
UNIT_DIR = $(PREFIX)/lib/systemd/system

.PHONY: install uninstall clean
install: all
	install -d '$(DESTDIR)$(PREFIX)/bin' '$(DESTDIR)$(PREFIX)/share/man/man1'
	install -m 755 $(O)/tare '$(DESTDIR)$(PREFIX)/bin/tare'
	$(if $(man),install -m 644 $(man) '$(DESTDIR)$(PREFIX)/share/man/man1')
	install -d '$(DESTDIR)$(PREFIX)/share/man/man5'
	install -m 644 $(man5) '$(DESTDIR)$(PREFIX)/share/man/man5'
	install -D -m 644 user/cli/completion/tare.bash $(word 1,$(completions))
	install -D -m 644 user/cli/completion/tare.zsh $(word 2,$(completions))
	install -D -m 644 user/cli/completion/tare.fish $(word 3,$(completions))
	$(if $(unit),install -D -m 644 -t '$(DESTDIR)$(UNIT_DIR)' $(unit))
	install -D -m 644 -t '$(DESTDIR)$(share)/agent' tools/agent/agent.conf
	install -d '$(DESTDIR)$(share)'
	cp -R --no-preserve=ownership tools/workloads tools/runtimes '$(DESTDIR)$(share)'

uninstall:
	rm -f '$(DESTDIR)$(PREFIX)/bin/tare' $(completions) \
		$(foreach u,$(notdir $(unit)),'$(DESTDIR)$(UNIT_DIR)/$(u)') \
		$(foreach m,$(notdir $(man)),'$(DESTDIR)$(PREFIX)/share/man/man1/$(m)') \
		$(foreach m,$(notdir $(man5)),'$(DESTDIR)$(PREFIX)/share/man/man5/$(m)')
	rm -rf '$(DESTDIR)$(share)'

clean:
	rm -rf $(O)

include tools/release/rules.mk

# Tests (see tests/README.md). Every suite prints TAP; tools/tap shows and counts it.

$(O)/tests/%: tests/%.c $(O)/libtare.a
	@mkdir -p $(@D)
	$(call run,CC,$<)$(CC) $(C_FLAGS) $(DEPS) -o $@ $< $(O)/libtare.a \
		$(CMOCKA) $(LDLIBS) $(LDFLAGS)

$(bpf_tests): | $(skeleton)

PROGRAM_FLAGS = -std=gnu11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -pthread
# A program can have flags of its own, on a line `/* build: -static -lrt */`.
own_flags = $$(sed -n 's|^/\* build: \(.*\) \*/$$|\1|p' $<)

$(O)/programs/%: tests/programs/%.c
	@mkdir -p $(@D)
	$(call run,CC,$<)$(CC) $(PROGRAM_FLAGS) $(DEPS) -o $@ $< $(own_flags)

$(O)/programs/%: tests/programs/%.cc
	@mkdir -p $(@D)
	$(call run,CXX,$<)$(CXX) -O1 -g -Wall -Wextra -pthread $(DEPS) -o $@ $< $(own_flags)

# What the guests run besides tare. guest_check includes nothing of tare.
guest_check := $(wildcard tests/kernels/guest_check.c tests/kernels/check_*.c)
guest_programs := $(O)/tests/kernels/guest_check $(O)/tests/kernels/parked
$(O)/tests/kernels/guest_check: $(guest_check) tests/kernels/check.h $(O)/gen/flags
	@mkdir -p $(@D)
	$(call run,CC)$(CC) -std=gnu11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -o $@ $(guest_check) \
		$(call pkg_config,--cflags --libs glib-2.0 jansson)

$(O)/tests/kernels/parked: tests/kernels/parked.c $(O)/gen/flags
	@mkdir -p $(@D)
	$(call run,CC)$(CC) -std=gnu11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -pthread -o $@ $<

.PHONY: programs build-guest build-tests
.PHONY: unit bpf-tests golden pages browser e2e check-kernels lint format
.PHONY: unit-san e2e-san fuzz fuzzers seeds check check-long demo overhead bench-top
.PHONY: bench-scrape bench-agent soak results
programs: $(programs)
build-guest: $(O)/tare $(programs) $(guest_programs)
build-tests: $(O)/tare $(unit_tests) $(bpf_tests) $(programs) $(browser_needs)
build-tests: $(O)/tests/e2e/lib/no_pages

export TARE := $(abspath $(O)/tare)
export PROGRAMS := $(abspath $(O)/programs)
export O CC
CPUS := $(shell nproc)

unit: export CMOCKA_MESSAGE_OUTPUT = TAP
unit_wanted = $(if $(T),$(patsubst %,$(O)/tests/unit/%,$(basename $(notdir $(T)))),$(unit_tests))
unit: $(unit_wanted)
	@tools/tap -j $(CPUS) $(or $(SUITE),unit) $(unit_wanted)

bpf-tests: export CMOCKA_MESSAGE_OUTPUT = TAP
bpf_wanted = $(if $(T),$(patsubst %,$(O)/tests/bpf/%,$(basename $(notdir $(T)))),$(bpf_tests))
bpf-tests: $(bpf_wanted)
	@tools/tap bpf-tests $(bpf_wanted)

golden: $(O)/tare
	@tools/tap golden $(wildcard tests/golden/check)

browser: $(browser_needs)
	@tools/tap -j $(CPUS) browser $(patsubst %,'$(NODE) --test-reporter=tap %',\
		$(or $(T),$(wildcard tests/browser/test_*.mjs)))

# Modules of the pages that need no page, in node.
pages:
	@tools/tap pages $(patsubst %,'$(NODE) --test --test-reporter=tap %',\
		$(or $(T),$(wildcard tests/pages/test_*.mjs)))

# A tare that was built without its pages.
$(O)/tests/e2e/lib/no_pages: tests/e2e/lib/no_pages.c $(main_obj) $(O)/libtare.a
	@mkdir -p $(@D)
	$(call run,LINK)$(CC) $(C_FLAGS) $(HARDEN_LINK) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Files run side by side, but for those that say that they run alone.
alone = $(shell grep -l '^# Runs alone:' $(1) /dev/null)
each_bats = $(patsubst %,'$(BATS) --tap %',$(1))
side_by_side = $(call each_bats,$(filter-out $(alone),$(1))) -- $(call each_bats,$(alone))
e2e: $(O)/tare $(programs) $(O)/tests/e2e/lib/no_pages
	@tools/tap -j $(CPUS) e2e $(if $(T),'$(BATS) --tap $(T)',\
		$(call side_by_side,$(wildcard tests/e2e/*.bats)))

check-kernels: build-guest
	@tools/tap check-kernels $(wildcard tests/kernels/run)

# Tests under AddressSanitizer and UndefinedBehaviorSanitizer, in a build folder of their own: all
# unit tests, the end-to-end tests that read and write most, and the fuzzers. SAN_RUN calls make
# with the sanitizers, whatever options this make has.

SAN_RUN = +@$(MAKE) --no-print-directory SHARED=$(SHARED)
SAN_E2E = run attach snapshot limits record stacks bench_own

unit-san:
	$(SAN_RUN) O=$(O)/san SAN=address,undefined SUITE=unit-san unit

e2e-san: $(programs)
	$(SAN_RUN) O=$(O)/san SAN=address,undefined e2e-san-run PROGRAMS=$(PROGRAMS)

.PHONY: e2e-san-run
e2e-san-run: $(O)/tare
	@TARE_PATIENCE=10 tools/tap -j $(CPUS) e2e-san $(if $(T),'$(BATS) --tap $(T)',\
		$(call side_by_side,$(wildcard $(SAN_E2E:%=tests/e2e/%.bats))))

fuzz:
	$(SAN_RUN) O=$(O)/fuzz CC=$(CLANG) SAN=fuzzer-no-link,address,undefined \
		CFLAGS='-O1 -g -Wno-unused-variable -Wno-unused-parameter' fuzz-run

.PHONY: fuzz-run
fuzz-run: $(fuzzers) $(O)/tests/fuzz/seeds
	@rm -rf $(O)/tests/fuzz/corpus
	@FUZZ_DIR=$(O)/tests/fuzz $(O)/tests/fuzz/seeds stores $(O)/tests/fuzz/corpus
	@tools/tap fuzz 'tools/fuzz $(or $(T:%=$(O)/tests/fuzz/fuzz_%),$(fuzzers))'

$(O)/tests/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(O)/libtare.a
	@mkdir -p $(@D)
	$(call run,FUZZ,$<)$(CC) $(C_FLAGS) -fsanitize=fuzzer $(DEPS) -o $@ $< $(O)/libtare.a \
		$(LDLIBS) $(LDFLAGS)

seeds: $(O)/tests/fuzz/seeds
	$< texts tests/fuzz/corpus
	$(CC) -Os -g -fPIC -shared -nostdlib -fno-ident -ffile-prefix-map=$(CURDIR)=. \
		-gno-record-gcc-switches -Wl,--build-id=sha1 \
		-o tests/fuzz/corpus/module/program tests/fuzz/seed.c

# The objects tell which file uses which. eslint runs only if npm is installed.
lint: $(O)/tare.bpf.o $(obj) $(bpf_obj) $(if $(shell command -v $(NPM)),$(call modules,pages))
	@MODULES=$(abspath $(dir $(call modules,pages))) tools/tap lint 'tools/lint $(O)'

format:
	@clang-format -i $(wildcard bpf/*.[ch] bpf/arch/*.h bpf/arch/*/*.h user/*/*.[ch] \
		user/*/*/*.[ch] tests/*/*.[ch])

# For editors (clangd): how each C file is compiled. Generated headers are built first.

# $(call commands,FILES,COMPILER AND FLAGS)
commands = $(foreach f,$(1),'{"directory":"$(CURDIR)","file":"$(f)","command":"$(2) -c $(f)"}')
with_c_flags = $(src) $(foreach d,unit bpf golden browser fuzz,$(wildcard tests/$(d)/*.c))

.PHONY: compile_commands.json
compile_commands.json: $(skeleton) $(O)/gen/version.h $(proto_obj:.o=.h)
	$(call run,JSON,$@){ echo '['; printf '%s,\n' \
		$(call commands,$(wildcard bpf/*.bpf.c),$(CLANG) $(BPF_FLAGS)) \
		$(call commands,$(wildcard tests/programs/*.c),$(CC) $(PROGRAM_FLAGS)) \
		$(call commands,$(with_c_flags),$(CC) $(C_FLAGS)) | sed '$$s/,$$//'; echo ']'; } >$@

# The two commands of the README. They need nothing but make.

check:
	@SAN='$(SAN)' tools/check $(MAKE) O=$(O)$(if $(SAN),/san)

demo:
	@tools/setup demo
	@$(MAKE) --no-print-directory all
	$(O)/tare run -- /usr/bin/python3 tools/demo.py

# Long loads: an hour and a half with MINUTES=60, the default. LOADS="name …" chooses loads.
MINUTES = 60
check-long:
	@tools/setup build test long
	@$(MAKE) --no-print-directory build-tests
	@tests/long/check --minutes $(MINUTES) $(LOADS)

overhead: $(O)/tare $(programs)
	tools/overhead/run

bench-top: $(O)/tare $(O)/programs/crowd
	tools/overhead/top

bench-scrape: $(O)/tare
	tools/overhead/scrape

bench-agent: $(O)/tare
	tests/long/agent bench

soak: $(O)/tare
	tests/long/agent soak --minutes $(MINUTES)

# Installs and weighs every available runtime, which takes hours.
results: $(O)/tare
	tools/results $(if $(BUSY),--busy) $(O)/results.db $(BENCH)

-include $(obj:.o=.d) $(bpf_obj:.o=.d) \
	$(addsuffix .d,$(fuzzers) $(O)/tests/fuzz/seeds $(unit_tests) $(bpf_tests) $(programs) \
	$(renderers) $(O)/tests/browser/make_pages)
