// SPDX-License-Identifier: GPL-2.0
/*
 * References, mappings and exclusivity of page frames, as the kernel counts and
 * dumps them, and the counters of the processes.
 *
 * A dump takes as long as several operations, since it goes through the kernel
 * log. So there is one of each frame after the last operation, except that of
 * pages that one process maps writable, without other references, only some are
 * dumped; and at most one after each other operation.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "explore/compare.h"
#include "kernel/kernel.h"
#include "report/report.h"
#include "see/dump.h"
#include "see/page.h"
#include "see/pin.h"

/* One in so many of the plain pages is dumped. */
#define PLAIN_DUMPS 4

/* In the process that maps the page: gup_test dumps pages of its caller. */
static long act_dump(const struct buffer *buffer, long page)
{
	(void)buffer;
	return pin_dump(world_page(page));
}

/* A page that one of the processes maps. */
struct dumped {
	int who, page;
};

static bool let_dump(void *arg)
{
	const struct dumped *dumped = arg;

	return world_do(dumped->who, act_dump, dumped->page) >= 0;
}

static const char *exclusivity(bool exclusive)
{
	return exclusive ? "exclusive" : "not exclusive";
}

/*
 * A transfer says that it is done before it releases its pages (iomap_dio_bio_end_io()), or
 * leaves that to a worker (bio_check_pages_dirty()): they may be held for a moment more.
 */
#define RELEASE_MS 1000

static struct page_dump dump_of(struct dumped *dumped, int most)
{
	const long end = now_ms() + RELEASE_MS;
	struct page_dump dump;

	do {
		world_drain();
		dump = page_dump_by(let_dump, dumped);
	} while (dump.valid && dump.refcount > most && !poll(NULL, 0, 1) && now_ms() < end);
	return dump;
}

/*
 * The kernel's own counts. A page of memory may be in a batch of this processor
 * again, because the dump touched it.
 */
static void compare_dump(struct watching *w, int who, int number)
{
	const int index = w->m->process[who].page[number].frame;
	const struct mm_frame *frame = &w->m->frame[index];
	const int mappings = mm_mappings(w->m, index);
	const int references = mappings + frame->gets + 1024 * frame->pins;
	struct dumped dumped = { who, number };
	const struct page_dump dump =
		dump_of(&dumped, references + (frame->at == PLACE_SYSTEM));
	bool in_batch;

	if (dump.state == DUMP_UNREADABLE || dump.state == DUMP_LOST)
		broken("the kernel's dump of a page cannot be parsed, or is lost");
	compare(w, dump.valid && dump.pfn == frame->pfn, who, number, "page that is dumped",
		"0x%lx|0x%lx", frame->pfn, dump.valid ? dump.pfn : 0);
	if (!dump.valid)
		return;
	compare(w, dump.exclusive == frame->exclusive, who, number, "exclusivity", "%s|%s",
		exclusivity(frame->exclusive), exclusivity(dump.exclusive));
	compare(w, dump.mapcount == mappings, who, number, "mapping count", "%d|%d", mappings,
		dump.mapcount);
	in_batch = frame->at == PLACE_SYSTEM && dump.refcount == references + 1;
	if (frame->at == PLACE_SYSTEM && (in_batch || dump.refcount == references))
		w->m->may[MAY_BATCH][in_batch]++;
	compare(w, dump.refcount == references || in_batch, who, number, "reference count",
		"%d|%d", references, dump.refcount);
}

/* A process and a page at which @frame can be dumped without a fault. */
static bool find_page(const struct mm_model *m, int frame, int *who, int *page)
{
	for (*who = MM_OWNER; *who < MM_PROCESSES; ++*who)
		for (*page = 0; *page < MM_PAGES; ++*page)
			if (m->process[*who].alive && compare_is_readable(m, *who, *page) &&
			    m->process[*who].page[*page].frame == frame)
				return true;
	return false;
}

/* A page that one process maps writable, without other references. */
static bool is_plain(const struct mm_model *m, int index, int who, int page)
{
	return m->frame[index].exclusive && m->process[who].page[page].write &&
	       mm_mappings(m, index) == 1 && !mm_holders(m, index);
}

/*
 * Did the operation take or drop references, or make a page exclusive that is not
 * writable? That of memory is in /proc/kpageflags.
 */
static bool is_worth_a_dump(const struct watching *w, int index, int who, int page)
{
	const struct mm_frame *was = &w->before->frame[index], *is = &w->m->frame[index];

	if (is->pins != was->pins || is->gets != was->gets)
		return true;
	return is->at != PLACE_SYSTEM && is->exclusive &&
	       !w->m->process[who].page[page].write && (!was->used || !was->exclusive);
}

void compare_dumps(struct watching *w)
{
	int i, who, page, dumps = 0;

	for (i = 0; i < MM_FRAMES && w->m->kernel.gup_test; i++) {
		const struct mm_frame *frame = &w->m->frame[i];
		bool due;

		if (!frame->used || frame->zero || frame->at == PLACE_PRIVATE ||
		    !find_page(w->m, i, &who, &page))
			continue;
		if (w->thorough)
			due = !is_plain(w->m, i, who, page) ||
			      (i + w->m->contents) % PLAIN_DUMPS == 0;
		else
			due = !dumps && is_worth_a_dump(w, i, who, page);
		if (due)
			compare_dump(w, who, page);
		dumps += due;
	}
}

static uint64_t read_of_frame(int fd, const char *path, unsigned long pfn)
{
	uint64_t entry;

	if (pread(fd, &entry, sizeof(entry), pfn * sizeof(entry)) != sizeof(entry))
		not_prepared("%s: %s", path, strerror(errno));
	return entry;
}

/* A mapping of @frame, if the operation changed one of them, or their number. */
static bool find_change(const struct watching *w, int frame, int *who, int *page)
{
	bool changed = w->thorough || mm_mappings(w->before, frame) != w->mappings[frame];
	int p, i;

	*who = -1;
	*page = 0;
	for (p = MM_OWNER; p < MM_PROCESSES; p++) {
		for (i = 0; i < MM_PAGES; i++) {
			if (w->m->process[p].page[i].frame != frame)
				continue;
			if (*who < 0 || compare_is_changed(w, p, i)) {
				*who = p;
				*page = i;
			}
			changed |= compare_is_changed(w, p, i);
		}
	}
	return changed && *who >= 0;
}

/*
 * Mapping counts and exclusivity of the frames that the operation changed. The kernel
 * shows those of memory, not of devices (kpagecount_read(), kpageflags_read()).
 */
void compare_frames(struct watching *w)
{
	int i, who, page, mappings;

	for (i = 0; i < MM_FRAMES && world.kpagecount >= 0 && world.kpageflags >= 0; i++) {
		const struct mm_frame *frame = &w->m->frame[i];
		uint64_t flags, count;
		bool exclusive;

		if (!frame->used || frame->zero || frame->at != PLACE_SYSTEM || !frame->pfn ||
		    !find_change(w, i, &who, &page))
			continue;
		flags = read_of_frame(world.kpageflags, "/proc/kpageflags", frame->pfn);
		exclusive = flags >> KPF_ANON_EXCLUSIVE & 1;
		compare(w, exclusive == frame->exclusive, who, page, "exclusivity", "%s|%s",
			exclusivity(frame->exclusive), exclusivity(exclusive));
		mappings = w->mappings[i];
		count = read_of_frame(world.kpagecount, "/proc/kpagecount", frame->pfn);
		compare(w, (int)count == mappings, who, page, "mapping count", "%d|%d", mappings,
			(int)count);
	}
}

/* The value after "@key:" in kilobytes, as pages; -1 if there is none. */
static long value_of(const char *text, const char *key)
{
	const char *line = strstr(text, key);

	return line ? strtol(line + strlen(key), NULL, 10) * 1024 / (long)features.page_size : -1;
}

static long read_text(const char *path, char *text, size_t size)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	const ssize_t got = fd < 0 ? -1 : read(fd, text, size - 1);

	text[got > 0 ? got : 0] = '\0';
	if (fd >= 0)
		close(fd);
	return got;
}

/*
 * The counters of the calling process. Before 6.2 a task keeps changes of RSS
 * until it unmaps something: add_mm_rss_vec() then adds them. The text is in
 * memory that is touched before, so that reading it changes nothing.
 */
static long act_count(const struct buffer *buffer, long arg)
{
	static char status[4096], rollup[4096];
	struct desk *desk = world.desk;

	(void)buffer;
	(void)arg;
	memset(status, 1, sizeof(status));
	memset(rollup, 1, sizeof(rollup));
	if (madvise(request_scratch(), features.page_size, MADV_DONTNEED))
		return -errno;
	if (read_text("/proc/self/status", status, sizeof(status)) <= 0 ||
	    read_text("/proc/self/smaps_rollup", rollup, sizeof(rollup)) <= 0)
		return -EIO;
	desk->counts.resident = value_of(status, "\nRssAnon:");
	desk->counts.locked = value_of(status, "\nVmLck:");
	desk->counts.pinned = value_of(status, "\nVmPin:");
	desk->counts.walked = value_of(rollup, "\nAnonymous:");
	memset(request_scratch(), 1, features.page_size);
	return 0;
}

static void compare_count(struct watching *w, int who, enum rule_id rule, const char *what,
			  long expected, long seen)
{
	set_rule(rule);
	if (!expect(seen == expected, "%s of the %s is %ld pages, not %ld", what, who_name(who),
		    seen, expected))
		w->differences++;
}

static void compare_counters_of(struct watching *w, int who)
{
	const struct mm_process *process = &w->m->process[who];
	const int pinned = who == MM_OWNER ? mm_registered(w->m) : 0;
	int i, locked = 0;

	for (i = 0; i < MM_PAGES; i++)
		locked += process->page[i].locked;
	if (world_do(who, act_count, 0))
		not_prepared("a process cannot read its counters");
	if (w->m->kernel.exact_rss)
		compare_count(w, who, RULE_ACCOUNTS_RETURN,
			      "RssAnon, compared with the page tables,", world.desk->counts.walked,
			      world.desk->counts.resident);
	compare_count(w, who, RULE_MAPPINGS_ARE_COUNTED, "VmLck", locked,
		      world.desk->counts.locked);
	if (w->m->kernel.counts_pins)
		compare_count(w, who, RULE_PINS_ARE_ACCOUNTED, "VmPin", pinned,
			      world.desk->counts.pinned);
}

/*
 * /proc/vmstat has what each processor has added, after vm.stat_refresh. Only in a
 * VM of the suite no other process locks pages.
 */
static long read_locked(void)
{
	world_drain();
	if (!in_guest() || write_text("/proc/sys/vm/stat_refresh", "1"))
		return -1;
	return read_counter("/proc/vmstat", "nr_mlock");
}

static long before_lock;

void watch_before_lock(void)
{
	before_lock = read_locked();
}

static void compare_locked(struct watching *w)
{
	const long now = before_lock < 0 ? -1 : read_locked();

	set_rule(RULE_LOCKED_AS_MEMORY);
	if (!expect(now == before_lock,
		    "nr_mlock is %ld after a page on a device was locked, %ld before", now,
		    before_lock))
		w->differences++;
}

void compare_counters(struct watching *w)
{
	int who;

	if (world.desk->step.uncounted)
		compare_locked(w);
	if (w->thorough)
		world_await_rings();
	for (who = MM_OWNER; who < MM_PROCESSES && w->thorough; who++)
		if (w->m->process[who].alive)
			compare_counters_of(w, who);
}

/* What it was after the last sequence that locked pages; the others leave it as it is. */
static long known_locked = -1;

long watch_locked(void)
{
	if (known_locked < 0)
		known_locked = read_locked();
	return known_locked;
}

bool watch_unlocked(long before)
{
	long now;

	if (before < 0)
		return true;
	now = read_locked();
	if (now < 0)
		not_prepared("nr_mlock cannot be read again");
	known_locked = now;
	set_rule(RULE_LOCKED_AS_MEMORY);
	return expect(now == before,
		      "%ld pages are counted as locked (nr_mlock), %ld before the sequence", now,
		      before);
}
