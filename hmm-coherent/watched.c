// SPDX-License-Identifier: GPL-2.0
/*
 * Parts of the kernel that watch which pages are used, and device pages: idle
 * page tracking and DAMON clear the accessed bits of pages, and DAMON pages out
 * what is not accessed; both pass over a device page (S1)
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "reach/swap.h"
#include "story/story.h"

#define PAGES 3
/* A page of memory next to the device pages, which DAMON pages out. */
#define CONTROL 2
#define WAIT_S 15
#define IDLE "/sys/kernel/mm/page_idle/bitmap"
#define DAMON "/sys/kernel/mm/damon/admin/kdamonds/"

FIXTURE(watched)
{
	struct story story;
	bool watches;		/* DAMON is switched on */
};

FIXTURE_VARIANT(watched)
{
	enum place place;
	bool read_only;
};

FIXTURE_VARIANT_ADD(watched, coherent_rw) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(watched, coherent_ro) { .place = PLACE_COHERENT, .read_only = true };
FIXTURE_VARIANT_ADD(watched, private_rw) { .place = PLACE_PRIVATE };
FIXTURE_VARIANT_ADD(watched, system_rw) { .place = PLACE_SYSTEM };

WHY_NOT(watched)
{
	if (!strcmp(test, "idle") && variant->place != PLACE_SYSTEM)
		return "the idle bits end at max_pfn, before the frames of the devices";
	if (!strcmp(test, "idle"))
		return access(IDLE, F_OK) ? "this kernel has no idle page tracking "
					    "(--profile wide has it)" : NULL;
	return access(DAMON, F_OK) ? "this kernel has no DAMON (--profile wide has it)" : NULL;
}

FIXTURE_SETUP(watched)
{
	self->watches = false;
	story_begin(&self->story, variant->place, variant->read_only, PAGES);
}

static void damon_write(const char *file, const char *text)
{
	char path[128];
	int error;

	snprintf(path, sizeof(path), DAMON "%s", file);
	error = write_text(path, text);
	if (error)
		syscall_failed(path, -error);
}

static void stop_watching(FIXTURE_DATA(watched) (*self))
{
	if (!self->watches)
		return;
	damon_write("0/state", "off");
	damon_write("nr_kdamonds", "0");
	self->watches = false;
}

FIXTURE_TEARDOWN(watched)
{
	stop_watching(self);
	story_end(&self->story);
}

static bool is_idle(int fd, unsigned long pfn)
{
	uint64_t bits = 0;

	if (pread(fd, &bits, sizeof(bits), pfn / 64 * 8) != sizeof(bits))
		syscall_failed("a read of the idle bits", errno);
	return bits >> pfn % 64 & 1;
}

/* The accessed bit is only set by an access that has no translation in the TLB. */
static void drop_translation(struct story *s)
{
	story_protect(s, 0, 1, PROT_READ);
	story_protect(s, 0, 1, PROT_READ | PROT_WRITE);
}

SCENARIO(watched, idle, "a page that is marked as idle is not idle after an access")
{
	struct story *s = &self->story;
	const unsigned long pfn = s->frames[0];
	const uint64_t bit = 1ULL << pfn % 64;
	int fd = open(IDLE, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		syscall_failed(IDLE, errno);
	set_rule(RULE_WATCHERS_PASS_OVER);
	/* Only pages on an LRU list can be marked. */
	drain_lru_batches();
	expect_result("a write of the idle bits",
		      errno_of(pwrite(fd, &bit, sizeof(bit), pfn / 64 * 8)), sizeof(bit));
	expect_result("the page is idle", is_idle(fd, pfn), 1);
	drop_translation(s);
	expect_owner_sees(s, 0, BY_OWNER);
	expect_result("the page is idle after an access", is_idle(fd, pfn), 0);
	close(fd);
}

/* Let DAMON watch the buffer and page out what it has watched. */
static void watch(FIXTURE_DATA(watched) (*self))
{
	static const char *const steps[][2] = {
		{ "nr_kdamonds", "1" }, { "0/contexts/nr_contexts", "1" },
		{ "0/contexts/0/operations", "vaddr" },
		{ "0/contexts/0/monitoring_attrs/intervals/sample_us", "1000" },
		{ "0/contexts/0/monitoring_attrs/intervals/aggr_us", "10000" },
		{ "0/contexts/0/targets/nr_targets", "1" },
		{ "0/contexts/0/targets/0/regions/nr_regions", "1" },
		{ "0/contexts/0/schemes/nr_schemes", "1" },
		{ "0/contexts/0/schemes/0/action", "pageout" },
		{ "0/contexts/0/schemes/0/access_pattern/sz/max", "1000000000" },
		{ "0/contexts/0/schemes/0/access_pattern/nr_accesses/max", "1000" },
		{ "0/contexts/0/schemes/0/access_pattern/age/max", "1000000" },
	};
	const struct buffer *buffer = &self->story.buffer;
	char text[32];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(steps); i++)
		damon_write(steps[i][0], steps[i][1]);
	snprintf(text, sizeof(text), "%d", getpid());
	damon_write("0/contexts/0/targets/0/pid_target", text);
	snprintf(text, sizeof(text), "%zu", (size_t)buffer->addr);
	damon_write("0/contexts/0/targets/0/regions/0/start", text);
	snprintf(text, sizeof(text), "%zu", (size_t)buffer->addr + buffer->size);
	damon_write("0/contexts/0/targets/0/regions/0/end", text);
	damon_write("0/state", "on");
	self->watches = true;
}

static bool is_swapped_out(void *page)
{
	return page_at(0, page).at == PLACE_SWAPPED;
}

SCENARIO(watched, paged_out_by_damon,
	 "DAMON pages out memory that it watches, and leaves device pages next to it alone")
{
	struct story *s = &self->story;
	size_t i;

	if (story_on_device(s))
		device_move_back(&s->device, buffer_page(&s->buffer, CONTROL), 1);
	swap_on();
	drain_lru_batches();
	watch(self);
	set_rule(RULE_WATCHERS_PASS_OVER);
	must(wait_until(is_swapped_out, buffer_page(&s->buffer, CONTROL), WAIT_S),
	     "DAMON does not page out the page of memory");
	for (i = 0; i < CONTROL && story_on_device(s); i++) {
		expect_stays(s, i);
		expect_mapped(s, i, s->read_only ? PERM_RO : PERM_RW);
	}
	stop_watching(self);
	for (i = 0; i < PAGES; i++)
		expect_owner_sees(s, i, BY_OWNER);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_watched", argc, argv);
}
