// SPDX-License-Identifier: GPL-2.0
/*
 * Calls that change one flag of a mapping, and the other flags: those of
 * userfaultfd, sealing and MAP_DROPPABLE are beyond the lower 32 bits
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/advice.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "reach/cpu.h"
#include "reach/monitor.h"
#include "see/counters.h"
#include "report/result.h"

#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08
#endif

#define PAGES 2
#define MINOR BIT_ULL(2)	/* UFFDIO_REGISTER_MODE_MINOR of 5.13 */

FIXTURE(vma_flags)
{
	struct buffer range;
	int monitor, file;	/* -1: none */
};

static void map_range(FIXTURE_DATA(vma_flags) (*self), int flags, int fd)
{
	struct buffer *range = &self->range;

	range->addr = mmap(NULL, range->size, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (range->addr == MAP_FAILED)
		syscall_failed("mmap", errno);
}

static void make_ordinary(FIXTURE_DATA(vma_flags) (*self))
{
	map_range(self, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static void watch(FIXTURE_DATA(vma_flags) (*self), unsigned long long mode)
{
	need(features.uffd_wp, SKIP_NO_USERFAULTFD);
	self->monitor = monitor_create(0);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("UFFDIO_REGISTER",
		      monitor_watch_for(self->monitor, self->range.addr, self->range.size, mode),
		      0);
}

static void make_watched(FIXTURE_DATA(vma_flags) (*self))
{
	make_ordinary(self);
	watch(self, UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP);
}

/* A private mapping of shared memory that has pages, which are not mapped yet. */
static void make_watched_for_minor(FIXTURE_DATA(vma_flags) (*self))
{
	self->file = memfd_create("vma-flags", MFD_CLOEXEC);
	if (self->file < 0 || fallocate(self->file, 0, 0, self->range.size))
		syscall_failed("memfd_create", errno);
	map_range(self, MAP_PRIVATE, self->file);
	watch(self, MINOR);
}

static void make_sealed(FIXTURE_DATA(vma_flags) (*self))
{
	make_ordinary(self);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("mseal", errno_of(syscall(SYS_mseal, self->range.addr, self->range.size, 0)),
		      0);
}

static void make_droppable(FIXTURE_DATA(vma_flags) (*self))
{
	map_range(self, MAP_DROPPABLE | MAP_ANONYMOUS, -1);
}

FIXTURE_VARIANT(vma_flags)
{
	void (*make)(FIXTURE_DATA(vma_flags) (*self));
	const char *flag;	/* of VmFlags, which this mapping must have */
};

FIXTURE_VARIANT_ADD(vma_flags, ordinary) { .make = make_ordinary, .flag = "rd" };
FIXTURE_VARIANT_ADD(vma_flags, watched) { .make = make_watched, .flag = "uw" };
FIXTURE_VARIANT_ADD(vma_flags, minor) { .make = make_watched_for_minor, .flag = "ui" };
FIXTURE_VARIANT_ADD(vma_flags, sealed) { .make = make_sealed, .flag = "sl" };
FIXTURE_VARIANT_ADD(vma_flags, droppable) { .make = make_droppable, .flag = "dp" };

WHY_NOT(vma_flags)
{
	if (variant->make == make_sealed && !kernel_has(CHANGE_MSEAL))
		return "this kernel has no mseal() (6.10)";
	if (variant->make == make_droppable && !kernel_has(CHANGE_DROPPABLE))
		return "this kernel has no MAP_DROPPABLE (6.11)";
	return NULL;
}

FIXTURE_SETUP(vma_flags)
{
	self->monitor = -1;
	self->file = -1;
	self->range = (struct buffer){ .pages = PAGES, .size = PAGES * features.page_size,
				       .serial = 1 };
	variant->make(self);
}

FIXTURE_TEARDOWN(vma_flags)
{
	if (self->monitor >= 0)
		close(self->monitor);
	if (self->file >= 0)
		close(self->file);
	/* Sealed memory stays until the process ends. */
}

/* The line VmFlags of the mapping in smaps: "rd wr mr mw me ac ", or "" if it has none. */
static void read_flags(FIXTURE_DATA(vma_flags) (*self), char *flags, size_t size)
{
	char text[256];

	smaps_text(self->range.addr, "VmFlags", text, sizeof(text));
	snprintf(flags, size, "%s", text + strspn(text, " "));
}

/* Remove the flag @name from the text @flags, with its blank. Was it there? */
static bool cut(char *flags, const char *name)
{
	char *at = strstr(flags, name);

	if (at)
		memmove(at, at + 3, strlen(at + 3) + 1);
	return at;
}

struct pair {
	const char *what;
	const char *flag;	/* that @set adds to VmFlags */
	int set, undo;		/* MADV_ */
};

static const struct pair pairs[] = {
	{ "MADV_MERGEABLE", "mg ", MADV_MERGEABLE, MADV_UNMERGEABLE },
	{ "MADV_DONTFORK", "dc ", MADV_DONTFORK, MADV_DOFORK },
	{ "MADV_DONTDUMP", "dd ", MADV_DONTDUMP, MADV_DODUMP },
	{ "MADV_SEQUENTIAL", "sr ", MADV_SEQUENTIAL, MADV_NORMAL },
	{ "MADV_RANDOM", "rr ", MADV_RANDOM, MADV_NORMAL },
	{ "MADV_WIPEONFORK", "wf ", MADV_WIPEONFORK, MADV_KEEPONFORK },
};

/* @now has the flags @before, and perhaps @added. */
static void expect_flags(const char *what, const char *before, char *now, const char *added)
{
	if (added && !strstr(before, added))
		cut(now, added);
	set_rule(RULE_FLAGS_STAY);
	expect_same(!strcmp(before, now), what, before, now);
}

SCENARIO(vma_flags, advice_and_undone,
	 "each advice adds at most its own flag, and undoing it gives the flags of before")
{
	char before[256], now[256], what[64];
	size_t i;

	read_flags(self, before, sizeof(before));
	set_rule(RULE_FLAGS_STAY);
	must(strstr(before, variant->flag), "the mapping has the flags %s, without %s", before,
	     variant->flag);
	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		(void)!madvise(self->range.addr, self->range.size, pairs[i].set);
		read_flags(self, now, sizeof(now));
		snprintf(what, sizeof(what), "flags after %s", pairs[i].what);
		expect_flags(what, before, now, pairs[i].flag);
		(void)!madvise(self->range.addr, self->range.size, pairs[i].undo);
		read_flags(self, now, sizeof(now));
		snprintf(what, sizeof(what), "flags after %s was undone", pairs[i].what);
		expect_flags(what, before, now, NULL);
	}
}

SCENARIO(vma_flags, locked_and_protected,
	 "mlock(), munlock() and mprotect() change only their own flags")
{
	struct buffer *range = &self->range;
	char before[256], now[256];

	read_flags(self, before, sizeof(before));
	(void)!mlock2(range->addr, range->size, MLOCK_ONFAULT);
	read_flags(self, now, sizeof(now));
	cut(now, "lf ");
	cut(now, "?? ");	/* VM_LOCKONFAULT has no name in older kernels */
	expect_flags("flags after mlock2()", before, now, "lo ");
	(void)!munlock(range->addr, range->size);
	read_flags(self, now, sizeof(now));
	expect_flags("flags after munlock()", before, now, NULL);
	(void)!mprotect(range->addr, range->size, PROT_READ);
	(void)!mprotect(range->addr, range->size, PROT_READ | PROT_WRITE);
	read_flags(self, now, sizeof(now));
	cut(now, "ac ");
	cut(before, "ac ");
	expect_flags("flags after mprotect() to read-only and back", before, now, NULL);
}

SCENARIO(vma_flags, still_in_force,
	 "after MADV_MERGEABLE and MADV_UNMERGEABLE, what the flag stands for still works")
{
	struct buffer *range = &self->range;

	(void)!madvise(range->addr, range->size, MADV_MERGEABLE);
	(void)!madvise(range->addr, range->size, MADV_UNMERGEABLE);
	set_rule(RULE_FLAGS_STAY);
	if (self->monitor >= 0)
		expect_result("a read of a watched page", cpu_read(range, 0, 1, NULL),
			      KILLED_BY(SIGBUS));
	else
		expect_result("a read", cpu_read(range, 0, 1, NULL), features.page_size);
	expect_result("munmap", errno_of(munmap(range->addr, range->size)),
		      variant->make == make_sealed ? -EPERM : 0);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_vma_flags", argc, argv);
}
