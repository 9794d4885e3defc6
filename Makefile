# SPDX-License-Identifier: GPL-2.0
#
# In a kernel tree (tools/testing/selftests/hmm-coherent) this is an ordinary kselftest Makefile, and lib.mk does the work.
# On its own it builds the same programs against the kernel tree KSRC, and run_tests exits by the verdict, which lib.mk's never does.
#
# For users, each on one line; `make help` prints them:
## KSRC=TREE      kernel tree that has the kselftest harness and the ioctl headers (default: the one run_tests.sh uses)
## OUTPUT=DIR     where programs are built (default: build); O=DIR is the same
## CC=COMPILER    gcc or clang; USERCFLAGS and USERLDFLAGS are added last
## INSTALL_PATH=  where `make install` puts the programs, flat, as run_kselftest.sh wants them
## ARGS=...       options and test globs for `make run_tests`, such as ARGS="--kernel 6.12 'fork.*'"

IN_TREE := $(wildcard ../lib.mk)
PROGRAMS := hmm_coherent_matrix hmm_coherent_fork hmm_coherent_protect hmm_coherent_direct_io hmm_coherent_fixed_buffers \
	hmm_coherent_orders hmm_coherent_registered hmm_coherent_races hmm_coherent_refcount hmm_coherent_zap hmm_coherent_accounts \
	hmm_coherent_numa hmm_coherent_devices hmm_coherent_device_life \
	hmm_coherent_tracking hmm_coherent_ksm hmm_coherent_reclaim hmm_coherent_mlock \
	hmm_coherent_huge hmm_coherent_destructive

ifneq ($(IN_TREE),)
KSRC := $(abspath ../../../..)
else
ifneq ($(O),)
OUTPUT ?= $(O)
endif
OUTPUT ?= build
# Only looked up when something has to be compiled: it may have to be unpacked first.
KSRC = $(eval KSRC := $(shell ./run_tests.sh --print-kernel-tree))$(KSRC)
endif

CFLAGS += -std=gnu11 -O2 -g -Wall -Wextra -D_GNU_SOURCE= -iquote common
# -isystem: the harness headers of 6.1 and 6.12 warn under -Wextra.
CFLAGS += -isystem $(KSRC)/tools/testing/selftests -isystem $(KSRC) $(KHDR_INCLUDES)
# Static: the guest has no libraries, and one set of binaries has to run on every kernel of a bisection.
LDFLAGS += -static
LDLIBS += -luring -lnuma

COMMON := $(sort $(wildcard common/*.c))
OBJECTS = $(patsubst common/%.c,$(OUTPUT)/obj/%.o,$(COMMON))
HEADERS := $(wildcard common/*.h)

ifneq ($(IN_TREE),)
TEST_GEN_PROGS := $(PROGRAMS)
TEST_FILES := config settings
EXTRA_CLEAN = $(OUTPUT)/obj
include ../lib.mk
else
.DEFAULT_GOAL := all
all: $(addprefix $(OUTPUT)/,$(PROGRAMS))
endif

# V=1 shows the commands.
Q := $(if $(V),,@)
show = $(if $(V),@:,@echo "  $(1)      $(2)")

CFLAGS += $(USERCFLAGS)
LDFLAGS += $(USERLDFLAGS)

$(OUTPUT)/obj/%.o: common/%.c $(HEADERS)
	@mkdir -p $(@D)
	$(call show,CC,$@)
	$(Q)$(CC) $(CFLAGS) -c $< -o $@

$(OUTPUT)/hmm_coherent_%: hmm-coherent/%.c $(HEADERS) $(OBJECTS)
	$(call show,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $< $(OBJECTS) $(LDLIBS) -o $@ 2>$@.log || { cat $@.log >&2; exit 1; }
	@grep -v "affinity_ip\|getaddrinfo" $@.log >&2 || true; rm -f $@.log

# libnuma.a resolves host names in a function that nobody here calls; the linker's warning about that is no news.
# Objects are kept: every program links all of them.
.SECONDARY:

ifeq ($(IN_TREE),)

run_tests:
	@./run_tests.sh $(ARGS)

check:
	@./run_tests.sh check

deps:
	@./run_tests.sh deps

bench:
	@./run_tests.sh bench

doctor:
	@./run_tests.sh doctor

install: all
	@test -n "$(INSTALL_PATH)" || { echo "make install: say where with INSTALL_PATH=DIR" >&2; exit 2; }
	install -d $(INSTALL_PATH)
	install -m 755 $(addprefix $(OUTPUT)/,$(PROGRAMS)) $(INSTALL_PATH)
	install -m 644 config settings $(INSTALL_PATH)

clean:
	rm -rf $(OUTPUT)

print-programs:
	@printf '%s\n' $(abspath $(addprefix $(OUTPUT)/,$(PROGRAMS)))

help:
	@echo "make [all] | run_tests | check | deps | doctor | bench | install | clean"
	@sed -n 's/^## //p' Makefile

.PHONY: all run_tests check deps bench doctor install clean print-programs help
endif
