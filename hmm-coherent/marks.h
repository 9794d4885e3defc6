/* SPDX-License-Identifier: GPL-2.0 */
/*
 * marks.h - fixture of the program marks, and its table: the marks that a page
 * table entry without a page can be
 */
#ifndef HMM_COHERENT_FIXTURE_MARKS_H
#define HMM_COHERENT_FIXTURE_MARKS_H

#include "suite/harness.h"

#include <signal.h>
#include <sys/mman.h>

#include "kernel/advice.h"
#include "kernel/memory.h"
#include "reach/monitor.h"
#include "story/story.h"

#define PAGES 4
/* Pages [FIRST, FIRST + COUNT) are marked holes, the others are on the device. */
#define FIRST 1
#define COUNT 2
#define LAST (PAGES - 1)

enum mark_kind { MARK_GUARD, MARK_POISON, MARK_PROTECTION };

FIXTURE(marks)
{
	struct story story;
	const struct mark *mark;
	int fd;			/* a userfaultfd, -1: none */
	unsigned char *marked;	/* address of the marked pages */
	size_t size;		/* bytes of them */
};

FIXTURE_VARIANT(marks)
{
	enum place place;
	enum mark_kind mark;
	bool read_only;
};

struct mark {
	/* Both return 0 or -errno. */
	int (*put)(int fd, void *addr, size_t size);
	int (*remove)(int fd, void *addr, size_t size);
	long load, store;	/* result of an access by the CPU; 0: it works */
	int over_page;		/* result of @put where there is a page */
	bool outlives_zap;	/* MADV_DONTNEED keeps it */
	bool is_inherited;	/* fork() and mremap() keep it */
	unsigned long long monitor;	/* feature of userfaultfd that it needs */
};

static int put_guard(int fd __maybe_unused, void *addr, size_t size)
{
	return errno_of(madvise(addr, size, MADV_GUARD_INSTALL));
}

static int remove_guard(int fd __maybe_unused, void *addr, size_t size)
{
	return errno_of(madvise(addr, size, MADV_GUARD_REMOVE));
}

static int put_poison(int fd, void *addr, size_t size)
{
	return monitor_fill(fd, FILL_WITH_POISON, addr, NULL, size);
}

static int remove_poison(int fd __maybe_unused, void *addr, size_t size)
{
	return errno_of(madvise(addr, size, MADV_DONTNEED));
}

static int put_protection(int fd, void *addr, size_t size)
{
	monitor_protect(fd, addr, size, true);
	return 0;
}

static int remove_protection(int fd, void *addr, size_t size)
{
	monitor_protect(fd, addr, size, false);
	return 0;
}

static const struct mark marks[] = {
	[MARK_GUARD] = { .put = put_guard, .remove = remove_guard, .load = KILLED_BY(SIGSEGV),
		    .store = KILLED_BY(SIGSEGV), .outlives_zap = true, .is_inherited = true },
	[MARK_POISON] = { .put = put_poison, .remove = remove_poison, .load = KILLED_BY(SIGBUS),
		     .store = KILLED_BY(SIGBUS), .over_page = -EEXIST, .is_inherited = true,
		     .monitor = MONITOR_OF_POISON },
	[MARK_PROTECTION] = { .put = put_protection, .remove = remove_protection,
			 .store = KILLED_BY(SIGBUS), .monitor = MONITOR_OF_HOLES },
};

#define VARIANT(name, ...) FIXTURE_VARIANT_ADD(marks, name) { __VA_ARGS__ }
VARIANT(coherent_rw_guard, .place = PLACE_COHERENT, .mark = MARK_GUARD);
VARIANT(coherent_ro_guard, .place = PLACE_COHERENT, .mark = MARK_GUARD, .read_only = true);
VARIANT(coherent_rw_poison, .place = PLACE_COHERENT, .mark = MARK_POISON);
VARIANT(coherent_ro_poison, .place = PLACE_COHERENT, .mark = MARK_POISON, .read_only = true);
VARIANT(coherent_rw_protection, .place = PLACE_COHERENT, .mark = MARK_PROTECTION);
VARIANT(coherent_ro_protection, .place = PLACE_COHERENT, .mark = MARK_PROTECTION,
	.read_only = true);
VARIANT(private_rw_guard, .place = PLACE_PRIVATE, .mark = MARK_GUARD);
VARIANT(private_rw_poison, .place = PLACE_PRIVATE, .mark = MARK_POISON);
VARIANT(private_rw_protection, .place = PLACE_PRIVATE, .mark = MARK_PROTECTION);
VARIANT(system_rw_guard, .place = PLACE_SYSTEM, .mark = MARK_GUARD);
VARIANT(system_rw_poison, .place = PLACE_SYSTEM, .mark = MARK_POISON);
VARIANT(system_rw_protection, .place = PLACE_SYSTEM, .mark = MARK_PROTECTION);

#endif
