// SPDX-License-Identifier: GPL-2.0
/*
 * Reclaim and swap over pages on a coherent device: they are not memory that can be reclaimed, until they are
 *
 * A device page is on no LRU list, so nothing ages it or writes it out. It comes from memory and becomes memory again though, and what the
 * kernel notes about it there (dirty, in the swap cache, given up) must not be lost on the way.
 */
#include "harness.h"

#include <sys/mman.h>
#include <sys/swap.h>

#include "kernel.h"
#include "memory.h"
#include "story.h"

#define PAGES 3
#define SWAP_PAGES 64
#define WRITTEN_S 10

/* Documentation/admin-guide/mm/pagemap.rst */
#define KPF_WRITEBACK 8
#define KPF_SWAPCACHE 13

FIXTURE(reclaim)
{
	struct story story;
	char swap[256];		/* path of the swap file in use, or empty */
	unsigned char *control;	/* pages of memory that are treated the same */
};

FIXTURE_VARIANT(reclaim)
{
	enum place place;
	bool read_only;
};

FIXTURE_VARIANT_ADD(reclaim, coherent_rw) { .place = COHERENT };
FIXTURE_VARIANT_ADD(reclaim, coherent_ro) { .place = COHERENT, .read_only = true };

FIXTURE_SETUP(reclaim)
{
	self->swap[0] = '\0';
	self->control = NULL;
	story_begin(&self->story, variant->place, variant->read_only, PAGES);
}

static void swap_off(const char *path)
{
	swapoff(path);
	unlink(path);
}

FIXTURE_TEARDOWN(reclaim)
{
	if (self->control)
		unmap_memory(self->control, PAGES * features.page_size);
	if (self->swap[0])
		swap_off(self->swap);
	story_end(&self->story);
}

/* Real swap, on a disk: a device that answers at once (zram, brd) would do without the swap cache, which is part of the subject. */
static void swap_on(FIXTURE_DATA(reclaim) (*self))
{
	const char *dir = getenv("HMM_COHERENT_DIR");
	unsigned char *page;
	int fd, i;

	need(dir, "HMM_COHERENT_DIR is not set: name a directory on a filesystem with O_DIRECT");
	snprintf(self->swap, sizeof(self->swap), "%s/hmm-coherent.swap", dir);
	/* A scenario that was ended half way may have left it. */
	swap_off(self->swap);
	fd = open(self->swap, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	page = calloc(1, features.page_size);
	/* What mkswap(8) writes: version, last page and number of bad pages at 1024, and the magic at the end of the first page. */
	((uint32_t *)page)[256] = 1;
	((uint32_t *)page)[257] = SWAP_PAGES - 1;
	memcpy(page + features.page_size - 10, "SWAPSPACE2", 10);
	for (i = 0; i < SWAP_PAGES; i++) {
		if (fd < 0 || pwrite(fd, page, features.page_size, i * features.page_size) != (ssize_t)features.page_size)
			broken("%s: %s", self->swap, strerror(errno));
		memset(page, 0, features.page_size);
	}
	free(page);
	close(fd);
	need(!swapon(self->swap, 0), "there can be no swap file: it takes CONFIG_SWAP, a filesystem that allows them, and root");
}

/* The control group: pages of memory in the hand of BY_OTHER. */
static void map_control(FIXTURE_DATA(reclaim) (*self))
{
	size_t i;

	self->control = map_memory(PAGES * features.page_size, PROT_READ | PROT_WRITE);
	for (i = 0; i < PAGES; i++)
		write_page(self->control + i * features.page_size, self->story.buffer.serial, i, BY_OTHER);
}

static struct page control_page(FIXTURE_DATA(reclaim) (*self), size_t page)
{
	return page_at(0, self->control + page * features.page_size);
}

static void expect_untouched(struct story *s)
{
	size_t i;

	for (i = 0; i < PAGES; i++) {
		expect_stays(s, i);
		expect_mapped(s, i, s->read_only ? READ_ONLY : READ_WRITE);
		expect_owner_sees(s, i, BY_OWNER);
	}
}

SCENARIO(reclaim, advice, "MADV_COLD and MADV_PAGEOUT pass over pages on the device; pages of memory are swapped out")
{
	struct story *s = &self->story;

	swap_on(self);
	map_control(self);
	holds(RULE_NOT_RECLAIMED);
	expect_result("MADV_COLD", madvise(s->buffer.addr, s->buffer.size, MADV_COLD), 0);
	expect_untouched(s);
	expect_result("MADV_PAGEOUT", madvise(s->buffer.addr, s->buffer.size, MADV_PAGEOUT), 0);
	expect_untouched(s);
	holds(RULE_SWAP_KEEPS);
	expect_result("MADV_PAGEOUT of memory", madvise(self->control, PAGES * features.page_size, MADV_PAGEOUT), 0);
	expect(control_page(self, 0).at == SWAPPED, "a page of memory is %s, not swapped", place_name(control_page(self, 0).at));
	expect(read_page(self->control, s->buffer.serial, 0, BY_OTHER, BY_OWNER) == OLD, "a swapped page has other bytes");
}

static void bring_back(struct story *s)
{
	story_migrate_back(s);
	holds(RULE_BACK);
	expect_at(s, 0, SYSTEM);
}

static void page_out(struct story *s, size_t page)
{
	advise_memory(buffer_page(&s->buffer, page), features.page_size, MADV_PAGEOUT);
	if (page_at(0, buffer_page(&s->buffer, page)).at != SWAPPED)
		broken("page %zu is not swapped out", page);
}

SCENARIO(reclaim, swapped_stays_swapped, "a page that is swapped out is not migrated: ENOENT, and its bytes come from swap")
{
	struct story *s = &self->story;

	swap_on(self);
	bring_back(s);
	page_out(s, 0);
	holds(RULE_SWAP_KEEPS);
	expect_result("migration", device_migrate_to(&s->device, s->buffer.addr, 1), -ENOENT);
	expect_at(s, 0, SWAPPED);
	expect_owner_sees(s, 0, BY_OWNER);
	device_move_to(&s->device, buffer_page(&s->buffer, 1), 1);
	holds(RULE_ENTRY);
	expect_at(s, 1, COHERENT);
}

static bool has_flag(unsigned long frame, int flag)
{
	int fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	uint64_t flags = 0;

	if (fd < 0 || pread(fd, &flags, sizeof(flags), frame * sizeof(flags)) != sizeof(flags))
		broken("/proc/kpageflags: %s", strerror(errno));
	close(fd);
	return flags >> flag & 1;
}

static bool is_written(void *addr)
{
	return !has_flag(page_at(0, addr).pfn, KPF_WRITEBACK);
}

static void need_sound_swap_cache(void)
{
	need(features.version != 612 || features.sublevel >= 117,
	     "this kernel may hit a BUG in migration from the swap cache (fixed by 6.12.117); see docs/findings.md, swap-cache-bug");
}

/* Out and in again by a read: mapped, and in the swap cache too, with the same bytes in swap. */
static void through_swap(struct story *s, size_t page)
{
	unsigned char *addr = buffer_page(&s->buffer, page);

	page_out(s, page);
	expect_owner_sees(s, page, BY_OWNER);
	if (!wait_until(is_written, addr, WRITTEN_S))
		broken("a swapped page is not written within %d s", WRITTEN_S);
}

/* Whether the swap cache lets go of a page is what is looked at, so that no probe can tell what to expect: 6.5 began to ask it. */
SCENARIO(reclaim, swap_cache, "a page in the swap cache goes to the device where the kernel takes it out of there first, and stays where it does not")
{
	struct story *s = &self->story;
	bool leaves = features.version >= 605;

	need_sound_swap_cache();
	swap_on(self);
	bring_back(s);
	through_swap(s, 0);
	if (!has_flag(page_at(0, s->buffer.addr).pfn, KPF_SWAPCACHE))
		broken("the page is not in the swap cache");
	story_remember_frames(s);
	device_move_to(&s->device, s->buffer.addr, 1);
	holds(RULE_SWAP_CACHE);
	expect_at(s, 0, leaves ? COHERENT : SYSTEM);
	if (!leaves)
		expect_same_frame(s, 0);
	expect_owner_sees(s, 0, BY_OWNER);
}

/* The page is clean when it goes, since swap has its bytes. If the write on the device were not remembered, swap would win. */
SCENARIO(reclaim, written_on_device, "what was written on the device survives being swapped out after the way back, whatever swap held before")
{
	struct story *s = &self->story;

	need_sound_swap_cache();
	swap_on(self);
	bring_back(s);
	through_swap(s, 0);
	story_make_writable(s);
	device_move_to(&s->device, s->buffer.addr, 2);
	holds(RULE_ENTRY);
	expect_at(s, 1, COHERENT);
	story_write(s, 0);
	story_write(s, 1);
	bring_back(s);
	page_out(s, 0);
	page_out(s, 1);
	holds(RULE_SWAP_KEEPS);
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
	expect_owner_sees(s, 1, BY_OWNER_AGAIN);
	page_out(s, 2);
	expect_owner_sees(s, 2, BY_OWNER);
}

/* MADV_FREE says: drop it, unless it is written again. Here it is written on the device, where nobody reclaims. */
SCENARIO(reclaim, freed_then_written, "a page given up by MADV_FREE and then written on the device keeps its bytes through reclaim")
{
	struct story *s = &self->story;

	swap_on(self);
	bring_back(s);
	story_make_writable(s);
	expect_result("MADV_FREE", madvise(s->buffer.addr, s->buffer.size, MADV_FREE), 0);
	story_migrate_to_device(s);
	holds(RULE_ENTRY);
	expect_at(s, 0, COHERENT);
	story_write(s, 0);
	bring_back(s);
	advise_memory(s->buffer.addr, s->buffer.size, MADV_PAGEOUT);
	holds(RULE_SWAP_KEEPS);
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
}

#define CGROUP "/sys/fs/cgroup"

static int write_pid(const char *group)
{
	char path[300], pid[16];

	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	snprintf(pid, sizeof(pid), "%d", getpid());
	return write_text(path, pid);
}

SCENARIO(reclaim, pressure, "reclaim of all that a memory cgroup has swaps its memory out and leaves its pages on the device")
{
	struct story *s = &self->story;
	char group[128], reclaim[160];
	struct buffer charged;
	size_t i, swapped = 0;

	swap_on(self);
	snprintf(group, sizeof(group), CGROUP "/hmm-coherent-%d", getpid());
	snprintf(reclaim, sizeof(reclaim), "%s/memory.reclaim", group);
	write_text(CGROUP "/cgroup.subtree_control", "+memory");
	mkdir(group, 0755);
	if (access(reclaim, W_OK)) {
		rmdir(group);
		skip("no memory.reclaim here: it takes cgroup2 with the memory controller on " CGROUP " and Linux 5.19");
	}
	if (write_pid(group))
		broken("cannot join %s", group);
	/* What the cgroup pays for from here on: memory, and memory that then goes to the device. */
	map_control(self);
	buffer_map(&charged, PAGES, COHERENT);
	buffer_write(&charged, 0, PAGES, BY_OWNER);
	device_move_to(&s->device, charged.addr, PAGES);
	/* It fails when there is less to reclaim than asked for, which is the point. */
	write_text(reclaim, "1M");
	write_pid(CGROUP);
	rmdir(group);
	for (i = 0; i < PAGES; i++)
		swapped += control_page(self, i).at == SWAPPED;
	if (!swapped)
		broken("reclaim took no page of memory");
	holds(RULE_NOT_RECLAIMED);
	expect_untouched(s);
	for (i = 0; i < PAGES; i++) {
		struct page page = page_at(0, buffer_page(&charged, i));

		expect_same(page.at == COHERENT, "place of a page that the cgroup has on the device", "coherent", place_name(page.at));
		expect(read_page(buffer_page(&charged, i), charged.serial, i, BY_OWNER, BY_OTHER) == OLD, "its bytes changed");
	}
	holds(RULE_SWAP_KEEPS);
	expect(read_page(self->control, s->buffer.serial, 0, BY_OTHER, BY_OWNER) == OLD, "a swapped page has other bytes");
	buffer_unmap(&charged);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_reclaim", argc, argv);
}
