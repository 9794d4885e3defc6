# SPDX-License-Identifier: GPL-2.0
#
# In a kernel tree (tools/testing/selftests/hmm-coherent) this is an ordinary kselftest Makefile
# that includes lib.mk. Outside of one it builds the same programs against the kernel tree KSRC, and
# run_tests fails if a test failed, which that of lib.mk does not.
#
# For users, each on one line; `make help` prints them:
## KSRC=TREE      kernel tree with the kselftest harness and the ioctl headers (default: the one
##                that run_tests.sh uses)
## OUTPUT=DIR     where programs are built (default: build); O=DIR is the same; `make O=DIR clean`
##                removes the built files
## CC=COMPILER    gcc or clang; USERCFLAGS and USERLDFLAGS are added last
## INSTALL_PATH=  where `make install` puts the programs, without subfolders
## ARGS=...       options and test globs for `make run_tests`, such as ARGS="--kernel 7.3 'fork.*'",
##                and options for `make deps`: ARGS="--arch arm64"
## KDIR=TREE      the kernel tree into which `make import` puts the suite, as a kselftest

IN_TREE := $(wildcard ../lib.mk)
.DEFAULT_GOAL := all
PROGRAMS := $(addprefix hmm_coherent_, \
	driver features interfaces matrix fork protect next_access next_access_to direct_io \
	sequential direct_cache fixed_buffers slow_io orders registered provided cloned \
	joined_buffers races gup_races refcount zap file_pages file_copies file_shared \
	huge_shared orphans accounts whole_device numa numa_shared memory_policy devices \
	mirrors exclusive device_life device_full tracking userfaultfd monitor empty_pages \
	zero_page ksm reclaim collapse_states collapse_shared exclusive_meets \
	exclusive_moves uffd_move uffd_move_huge uffd_ranges uffd_fill uffd_access \
	monitor_shared ksm_meets ksm_zero vma_flags page_reports page_runs mixed_huge whole_range \
	long_ranges kept_marks freed_huge swapped uffd_events sealed mirror_told buffer_ring \
	fixed_parts pin_batches remapped mlock huge hugetlb hugetlb_watched hugetlb_mirrored \
	large_folios mappings policies soft_dirty pagemap collapse marks advised \
	unprivileged inherited trackers ordinary blocks cow_races iommufd ring_memory ring_parts \
	ring_ways pipes dma_buf failures failed_calls hwpoison large huge_private huge_held \
	private_marks merged core_dump debuggers uprobes send_zc cloned_huge limits \
	balancing watched owners explore destructive_memory destructive destructive_ksm \
	destructive_huge destructive_anon_vma)

ifneq ($(IN_TREE),)
KSRC := $(abspath ../../../..)
else
# Only from the command line: an exported OUTPUT is meant for another build.
ifneq ($(origin OUTPUT),command line)
OUTPUT := $(if $(filter command line,$(origin O)),$(O),build)
endif
OUTPUT := $(if $(OUTPUT),$(patsubst %/,%,$(OUTPUT)),build)
ifneq ($(words $(OUTPUT)),1)
$(error OUTPUT, or O, has a blank in it: $(OUTPUT))
endif
# Evaluated only when something is compiled, since the source may have to be unpacked first.
KSRC = $(eval KSRC := $(shell ./run_tests.sh --print-kernel-tree))$(KSRC)
endif

# Quote a string with any characters as one word for the shell.
quoted = '$(subst ','\'',$(1))'

CFLAGS += -std=gnu11 -O2 -g -Wall -Wextra -D_GNU_SOURCE= -iquote common
# -isystem: the harness headers of 6.1 and 6.12 warn under -Wextra.
CFLAGS += -isystem $(call quoted,$(KSRC)/tools/testing/selftests)
CFLAGS += -isystem $(call quoted,$(KSRC)) $(KHDR_INCLUDES)
# For headers that the system lacks, such as linux/iommufd.h.
CFLAGS += -idirafter $(call quoted,$(KSRC)/include/uapi)
LDLIBS += -luring -lnuma

# Evaluated once, and only when something is built. The programs are linked statically if possible,
# since the same binaries run on each kernel of a bisection, whatever libraries are installed later.
# Where there are no static libraries, link dynamically (-g); the guest then gets the libraries too.
links = $(shell echo 'int main(void) { return 0; }' | \
	$(CC) $(CFLAGS) $(1) $(LDFLAGS) -x c - $(LDLIBS) -o /dev/null 2>/dev/null && echo $(1))
linkage = $(or $(call links,-static),$(call links,-g),missing)
LINKAGE = $(eval LINKAGE := $(linkage))$(LINKAGE)

COMMON := $(sort $(wildcard common/*/*.c))
OBJECTS = $(patsubst common/%.c,$(OUTPUT)/obj/%.o,$(COMMON))
HEADERS := $(wildcard common/*/*.h hmm-coherent/*.h)

ifneq ($(IN_TREE),)
TEST_GEN_PROGS := $(PROGRAMS)
# Put the script next to the programs. lib.mk does not copy it to OUTPUT.
ifeq ($(abspath $(or $(OUTPUT),.)),$(CURDIR))
TEST_PROGS_EXTENDED := hmm_coherent_driver.sh
else
TEST_GEN_FILES := hmm_coherent_driver.sh
$(OUTPUT)/hmm_coherent_driver.sh: hmm_coherent_driver.sh
	install -m 755 $< $@
endif
EXTRA_CLEAN = $(OUTPUT)/obj
include ../lib.mk
else
all: $(OUTPUT)/obj/named
CFLAGS += $(USERCFLAGS)
LDFLAGS += $(USERLDFLAGS)
endif

# Rebuild the programs after a change of the tree, the compiler, the flags or the headers of the
# tree. Evaluated only when something is built, since it needs KSRC.
KSRC_HEADERS = $(wildcard $(addprefix $(KSRC)/,tools/testing/selftests/kselftest_harness.h \
	tools/testing/selftests/kselftest.h lib/test_hmm_uapi.h mm/gup_test.h \
	drivers/iommu/iommufd/iommufd_test.h))
BUILT_WITH = $(KSRC) $(shell $(CC) --version 2>&1 | head -n 1) $(CC) $(CFLAGS) $(LDFLAGS) $(LDLIBS)
note_changes = $(shell mkdir -p $(OUTPUT)/obj; \
	{ cat $(NOTED) 2>/dev/null | cmp -s - $(NOTED).new; } || \
	mv $(NOTED).new $(NOTED); rm -f $(NOTED).new)
NOTED = $(OUTPUT)/obj/built-with
note = $(shell mkdir -p $(OUTPUT)/obj)$(file >$(NOTED).new,$(BUILT_WITH))$(note_changes)
built_with = $(eval built_with := $(note)$(NOTED) $(KSRC_HEADERS))$(built_with)
.SECONDEXPANSION:
# The file exists now, but make may have cached the contents of its folder before.
$(OUTPUT)/obj/built-with: ;

# V=1 shows the commands.
Q := $(if $(V),,@)
show = $(if $(V),@:,@echo "  $(1)      $(2)")

$(OUTPUT)/obj/%.o: common/%.c $(HEADERS) $$(built_with)
	@test $(LINKAGE) != missing || { echo "$(CC) finds no liburing or libnuma" \
		"$(if $(IN_TREE),or not their headers,(./run_tests.sh deps))" >&2; exit 1; }
	@mkdir -p $(@D)
	$(call show,CC,$@)
	$(Q)$(CC) $(CFLAGS) -c $< -o $@

$(OUTPUT)/hmm_coherent_%: hmm-coherent/%.c $(HEADERS) $(OBJECTS) $$(built_with)
	$(call show,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LINKAGE) $(LDFLAGS) $< $(OBJECTS) $(LDLIBS) -o $@ 2>$@.log || \
		{ cat $@.log >&2; exit 1; }
	@grep -v "affinity_ip\|getaddrinfo" $@.log >&2 || true; rm -f $@.log

ifeq ($(IN_TREE),)
# All programs in one file, which has a name for each: see common/suite/program.h. Their functions
# with the same name stay apart, and so do their constructors. A program that is asked for alone is
# linked alone, by the rule above.
ONE := $(OUTPUT)/obj/hmm_coherent
PARTS := $(patsubst hmm_coherent_%,$(OUTPUT)/obj/programs/%.o,$(PROGRAMS))
$(OUTPUT)/obj/programs/%.o: hmm-coherent/%.c $(HEADERS) $$(built_with)
	@mkdir -p $(@D)
	$(call show,CC,$@)
	$(Q)$(CC) $(CFLAGS) -DPROGRAM=$* -Dmain=main_of_$* -c $< -o $@
	$(Q)$$($(CC) -print-prog-name=objcopy) --keep-global-symbol=main_of_$* \
		--rename-section .init_array.20000=init_20000_$* \
		--rename-section .init_array.20001=init_20001_$* \
		--rename-section .init_array=init_last_$* $@

$(ONE): $(PARTS) $(OBJECTS)
	$(call show,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LINKAGE) $(LDFLAGS) $(PARTS) $(OBJECTS) $(LDLIBS) -o $@ 2>$@.log || \
		{ cat $@.log >&2; exit 1; }
	@grep -v "affinity_ip\|getaddrinfo" $@.log >&2 || true; rm -f $@.log

$(OUTPUT)/obj/named: $(ONE)
	@for name in $(PROGRAMS); do ln -f $< $(OUTPUT)/$$name || exit; done
	@touch $@
endif

# libnuma.a resolves host names in a function that the suite does not call; drop the linker's
# warning about it. Keep the objects, since each program links all of them.
.SECONDARY:

ifeq ($(IN_TREE),)

# make exits with 2 for each failure, so print the exit status of run_tests.sh.
run_tests:
	@./run_tests.sh $(ARGS); status=$$?; [ $$status = 0 ] || \
	echo "make: ./run_tests.sh ended with status $$status; make ends with 2" >&2; exit $$status

check:
	@./run_tests.sh check $(ARGS)

check-kvm:
	@./run_tests.sh nested $(ARGS)

faults:
	@./run_tests.sh faults $(ARGS)

deps:
	@./run_tests.sh deps $(ARGS)

bench:
	@./run_tests.sh bench

doctor:
	@./run_tests.sh doctor

import:
	@./run_tests.sh import "$(KDIR)"

manual:
	@command -v help2man >/dev/null || { echo "make manual needs help2man" >&2; exit 2; }
	@mkdir -p $(OUTPUT)
	@help2man --no-info --version-string=hmm-coherent --include=docs/run_tests.h2m \
		--output=$(OUTPUT)/run_tests.1 ./run_tests.sh
	@echo "man $(OUTPUT)/run_tests.1"

install: all
	@test -n "$(INSTALL_PATH)" || \
		{ echo "make install: set INSTALL_PATH=DIR" >&2; exit 2; }
	install -d $(INSTALL_PATH)
	install -m 755 $(addprefix $(OUTPUT)/,$(PROGRAMS)) hmm_coherent_driver.sh $(INSTALL_PATH)
	install -m 644 config settings $(INSTALL_PATH)

# In a folder of the user remove only the built files; build/ belongs to the suite.
clean:
ifeq ($(OUTPUT),build)
	rm -rf build
else
	@rm -f $(foreach name,$(PROGRAMS),$(OUTPUT)/$(name) $(OUTPUT)/$(name).log) $(OBJECTS) \
		$(NOTED) $(NOTED).new $(OUTPUT)/.lock $(PARTS) $(ONE) $(ONE).log $(OUTPUT)/obj/named
	@rmdir --ignore-fail-on-non-empty $(wildcard $(OUTPUT)/obj/*/) $(wildcard $(OUTPUT)/obj) \
		$(wildcard $(OUTPUT)) 2>/dev/null || true
endif

print-programs:
	@printf '%s\n' $(addprefix $(OUTPUT)/,$(PROGRAMS))

help:
	@echo "make [all] | run_tests | check | check-kvm | deps | doctor | bench | faults |" \
		"import | manual | install | clean"
	@sed -n 's/^## //p' Makefile
	@echo "make run_tests ends with 0 if ./run_tests.sh does, and with 2 otherwise; the exit"
	@echo "status of ./run_tests.sh is in the last lines of its output"

.PHONY: all run_tests check check-kvm faults deps bench doctor import manual install clean \
	print-programs help
endif
