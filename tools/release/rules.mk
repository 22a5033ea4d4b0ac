# SPDX-License-Identifier: GPL-2.0-only
#
# What is given away: the static file, packages, the source archive, releases. A part of the
# Makefile, which includes it.

.PHONY: static check-static
static:
	+@$(MAKE) --no-print-directory SHARED=$(SHARED) O=$(O)/static STATIC=1 all

# The end-to-end tests, with the static file.
check-static: static $(programs)
	+@$(MAKE) --no-print-directory SHARED=$(SHARED) O=$(O)/static STATIC=1 \
		$(O)/static/tests/e2e/lib/no_pages
	@TARE=$(abspath $(O)/static/tare) tools/tap check-static \
		'$(BATS) --tap $(or $(T),tests/static tests/e2e)'

# Packages hold the static file: one fits every release. See tools/packaging/README.md.
pack = $(O)/packages

# The modules in the pages, for their licences. A source archive does not have them.
MODULES = $(SHARED)/web/node_modules

.PHONY: stage deb rpm check-packages
stage:
	@rm -rf $(pack)/stage
	+@$(MAKE) --no-print-directory SHARED=$(SHARED) O=$(O)/static STATIC=1 \
		PREFIX=/usr DESTDIR=$(abspath $(pack)/stage) install >/dev/null
	@mkdir -p $(pack)/stage/usr/share/doc/tare
	$(call run,STAGE)tools/release/notices.py $(O)/static/tare.full.map \
		user/output/web/package-lock.json $(MODULES) $(if $(CROSS),$(ROOT)) \
		>$(pack)/stage/usr/share/doc/tare/NOTICES

deb rpm: stage
	$(call run,PACK)tools/packaging/$@ $(pack)/stage $(pack) $(VERSION) $(ARCH)

# Bare systems are made the first time: some minutes and a network.
check-packages:
	@tools/setup release
	@$(MAKE) --no-print-directory deb rpm
	@$(MAKE) --no-print-directory ARCH=arm64 deb rpm
	@tools/packaging/prove $(pack)

# The source archive: HEAD with the pages bundled, so that gcc, clang, bpftool and the libraries
# suffice to build it. The same commit gives the same bytes.

dist_name = tare-$(VERSION)-$(shell $(describe))
dist = $(O)/$(dist_name).tar.gz

.PHONY: dist check-dist
dist: $(page_html)
	$(if $(filter node,$(pages_by)),,@echo 'make dist: the pages need node and npm' >&2; exit 1)
	@git diff --quiet HEAD || \
		{ echo 'make dist: commit first: the archive has HEAD only' >&2; exit 1; }
	@$(describe) >$(O)/gen/.commit
	$(call run,DIST,$(dist))git -c tar.umask=022 archive \
		--prefix=$(dist_name)/ --add-file=$(O)/gen/.commit \
		--prefix=$(dist_name)/user/output/web/bundled/ $(page_html:%=--add-file=%) \
		--prefix=$(dist_name)/ HEAD | gzip -9n >$(dist)

# The first time it makes a bare Debian root, which takes some minutes and a network.
check-dist:
	@tools/setup dist
	@$(MAKE) --no-print-directory dist && mv $(dist) $(dist).first
	@$(MAKE) --no-print-directory dist
	@tools/tap check-dist 'tests/dist/check $(dist) $(dist).first'

# A release of HEAD, in build/release: see tools/release/make.
.PHONY: release check-release
release:
	@tools/setup release
	@MAKE='$(MAKE)' tools/release/make '$(VERSION)'

check-release:
	@tools/setup release
	@MAKE='$(MAKE)' tools/tap check-release 'tools/release/check $(VERSION)'
