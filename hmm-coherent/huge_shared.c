// SPDX-License-Identifier: GPL-2.0
/*
 * Huge pages of shared memory, which do not migrate to a device: mapping by PMD
 * or PTEs, and the dirty state
 *
 * A folio can be mapped by one PMD or by many PTEs, as the advice for the
 * mapping says (do_set_pmd()). The dirty bit of an entry must be transferred to
 * the folio when the entry is cleared (zap_huge_pmd()).
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kernel-page-flags.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/config.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/restore.h"
#include "kernel/since.h"
#include "reach/monitor.h"
#include "story/huge.h"

#define SHMEM THP "shmem_enabled"
#define FIRST 5		/* pages that are mapped by hand */
#define SECOND 7

FIXTURE(huge_shared)
{
	struct huge huge;
	int fd;
	unsigned char *room, *first, *second;
};

FIXTURE_VARIANT(huge_shared)
{
	bool as_huge;		/* does the file consist of one huge page, or of small ones? */
};

FIXTURE_VARIANT_ADD(huge_shared, huge) { .as_huge = true };
FIXTURE_VARIANT_ADD(huge_shared, small) { .as_huge = false };

/* Map the whole file at @addr. */
static void map_at(FIXTURE_DATA(huge_shared) (*self), unsigned char *addr, int advice)
{
	const size_t size = self->huge.size;

	if (mmap(addr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, self->fd, 0) != addr)
		syscall_failed("mmap", errno);
	advise_memory(addr, size, advice);
}

static bool is_huge(FIXTURE_DATA(huge_shared) (*self), unsigned char *addr)
{
	return device_snapshot(&self->huge.device, addr).huge;
}

static unsigned char touch(const unsigned char *addr)
{
	return *(const volatile unsigned char *)addr;
}

/* Allow huge pages of shared memory of this size by @word, and by nothing else. */
static void allow(FIXTURE_DATA(huge_shared) (*self), const char *word)
{
	char path[128];
	int error = write_text(SHMEM, "never");

	snprintf(path, sizeof(path), THP "hugepages-%zukB/shmem_enabled", self->huge.size >> 10);
	/* The file has all words; "inherit" is the one that it has at boot. */
	restore_text(path, "inherit");
	error = error ? error : write_text(path, word);
	if (error)
		syscall_failed(path, -error);
}

WHY_NOT(huge_shared)
{
	if (!strcmp(test, "collapsed_by_force") || !strcmp(test, "within")) {
		if (variant->as_huge)
			return "the pages are small at first";
		if (!kernel_has(CHANGE_SHMEM_BY_SIZE))
			return "this kernel has one setting for shared memory of all sizes (6.11)";
	}
	if (!variant->as_huge && !strcmp(test, "cut"))
		return "only a huge page has parts";
	return NULL;
}

FIXTURE_SETUP(huge_shared)
{
	struct huge *h = &self->huge;
	const char *counter = "thp_file_fallback";
	long fallbacks;
	uintptr_t at;
	int error;

	if (variant->as_huge)
		need(page_cache_can_be_huge(), SKIP_NO_HUGE_SHMEM);
	huge_begin(h, false);
	restore_setting(SHMEM);
	error = write_text(SHMEM, "advise");
	if (error)
		syscall_failed(SHMEM, -error);
	self->fd = memfd_create("hmm-coherent", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (self->fd < 0 || ftruncate(self->fd, h->size))
		syscall_failed("memfd", errno);
	self->room = map_memory(3 * h->size, PROT_NONE);
	at = ((uintptr_t)self->room + h->size - 1) & ~(h->size - 1);
	self->first = (unsigned char *)at;
	self->second = self->first + h->size;
	map_at(self, self->first, variant->as_huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	fallbacks = read_counter("/proc/vmstat", counter);
	/* Only read, so that the page is not dirty yet. */
	touch(self->first);
	if (variant->as_huge && !is_huge(self, self->first) &&
	    read_counter("/proc/vmstat", counter) > fallbacks)
		huge_memory_refused("a huge page");
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(is_huge(self, self->first) == variant->as_huge,
	     "shared memory that should have %s pages has others",
	     variant->as_huge ? "huge" : "small");
}

FIXTURE_TEARDOWN(huge_shared)
{
	unmap_memory(self->room, 3 * self->huge.size);
	close(self->fd);
	huge_end(&self->huge);
}

static void write_all(FIXTURE_DATA(huge_shared) (*self), unsigned char *addr)
{
	size_t i;

	for (i = 0; i < self->huge.pages; i++)
		write_page(page_in(addr, i), self->huge.story.buffer.serial, i, BY_OWNER);
}

static size_t lost(FIXTURE_DATA(huge_shared) (*self), unsigned char *addr)
{
	size_t i, count = 0;

	for (i = 0; i < self->huge.pages; i++)
		count += read_page(page_in(addr, i), self->huge.story.buffer.serial, i, BY_OWNER,
				   BY_OTHER) != DATA_OLD;
	return count;
}

SCENARIO(huge_shared, second_mapping,
	 "a second mapping maps a huge page by a PMD or by PTEs, as it was advised, with the same "
	 "bytes")
{
	write_all(self, self->first);
	map_at(self, self->second, MADV_NOHUGEPAGE);
	touch(self->second);
	set_rule(RULE_HUGE_AS_ADVISED);
	if (kernel_has(CHANGE_HUGE_AS_ADVISED))
		expect_result("the mapping with MADV_NOHUGEPAGE is huge",
			      is_huge(self, self->second), 0);
	expect_result("pages with other bytes", lost(self, self->second), 0);
	expect_result("the first mapping is huge", is_huge(self, self->first),
		      variant->as_huge);
	set_rule(RULE_ONLY_ANONYMOUS);
	device_move_to(&self->huge.device, self->second, self->huge.pages);
	expect_result("pages on the device",
		      pages_at(self->second, self->huge.pages, PLACE_COHERENT), 0);
	expect_result("pages with other bytes", lost(self, self->first), 0);
}

SCENARIO(huge_shared, written_and_unmapped,
	 "reclaim keeps bytes that were written through a mapping that was unmapped")
{
	write_all(self, self->first);
	unmap_memory(self->first, self->huge.size);
	map_at(self, self->second, variant->as_huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	touch(self->second);
	drain_lru_batches();
	set_rule(RULE_DIRTY_OUTLIVES);
	expect_result("MADV_PAGEOUT",
		      errno_of(madvise(self->second, self->huge.size, MADV_PAGEOUT)), 0);
	expect_result("pages with other bytes", lost(self, self->second), 0);
}

SCENARIO(huge_shared, written_and_cut,
	 "the same if the mapping was unmapped in two parts")
{
	const size_t half = self->huge.size / 2;

	write_all(self, self->first);
	unmap_memory(self->first + half, half);
	expect_result("pages of the rest with other bytes",
		      read_page(self->first, self->huge.story.buffer.serial, 0, BY_OWNER,
				BY_OTHER) != DATA_OLD,
		      0);
	unmap_memory(self->first, half);
	map_at(self, self->second, variant->as_huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	touch(self->second);
	drain_lru_batches();
	set_rule(RULE_DIRTY_OUTLIVES);
	expect_result("MADV_PAGEOUT",
		      errno_of(madvise(self->second, self->huge.size, MADV_PAGEOUT)), 0);
	expect_result("pages with other bytes", lost(self, self->second), 0);
}

SCENARIO(huge_shared, entered_in_the_middle,
	 "a huge page is mapped as one, also if the access is not to its first page")
{
	write_all(self, self->first);
	map_at(self, self->second, MADV_HUGEPAGE);
	touch(page_in(self->second, self->huge.pages / 2));
	set_rule(RULE_HUGE_AS_ADVISED);
	expect_result("the mapping is huge", is_huge(self, self->second), variant->as_huge);
	expect_result("pages with other bytes", lost(self, self->second), 0);
}

/* cond_install_uffd_wp_ptes() (6.1: pte_install_uffd_wp_if_needed()): one for each page. */
SCENARIO(huge_shared, protected_and_dropped,
	 "MADV_DONTNEED of pages that are mapped one by one and protected by userfaultfd keeps the "
	 "protection of each")
{
	static struct page pages[PAGES_LOOK_MAX];
	struct huge *h = &self->huge;
	size_t i, protected = 0;
	int monitor;

	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	monitor = monitor_open(self->first, h->size, MONITOR_OF_SHARED_MEMORY);
	need(monitor >= 0, SKIP_NO_UFFD_WP);
	write_all(self, self->first);
	monitor_protect(monitor, self->first, h->size, true);
	for (i = 0; i < h->pages; i++)
		touch(page_in(self->first, i));
	advise_memory(self->first, h->size, MADV_DONTNEED);
	set_rule(RULE_UFFD_STOPS_WRITES);
	pages_look(self->first, h->pages, pages);
	for (i = 0; i < h->pages; i++)
		protected += pages[i].uffd_wp;
	expect_result("pages that are protected", protected, h->pages);
	expect_result("pages with other bytes", lost(self, self->first), 0);
	close(monitor);
}

/* finish_fault(): a page at a time where a userfaultfd watches. */
SCENARIO(huge_shared, watched_one_by_one,
	 "a fault of a page that userfaultfd watches maps that page, and no other of its folio")
{
	struct huge *h = &self->huge;
	int monitor;

	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	write_all(self, self->first);
	map_at(self, self->second, MADV_NOHUGEPAGE);
	monitor = monitor_open(self->second, h->size, MONITOR_OF_SHARED_MEMORY);
	need(monitor >= 0, SKIP_NO_UFFD_WP);
	touch(page_in(self->second, 5));
	set_rule(RULE_EVENTS_ARE_TOLD);
	expect_result("pages that are not mapped", pages_at(self->second, h->pages, PLACE_NOWHERE),
		      h->pages - 1);
	expect_result("pages with other bytes", lost(self, self->second), 0);
	close(monitor);
}

/* memfd_wait_for_pins() */
SCENARIO(huge_shared, sealed,
	 "a memfd can be sealed for writing as soon as nothing maps it for writing, and has its "
	 "bytes then")
{
	write_all(self, self->first);
	set_rule(RULE_SEALED_STAYS);
	expect_result("F_SEAL_WRITE while it is mapped for writing",
		      errno_of(fcntl(self->fd, F_ADD_SEALS, F_SEAL_WRITE)), -EBUSY);
	unmap_memory(self->first, self->huge.size);
	expect_result("F_SEAL_WRITE", errno_of(fcntl(self->fd, F_ADD_SEALS, F_SEAL_WRITE)), 0);
	if (mmap(self->first, self->huge.size, PROT_READ, MAP_SHARED | MAP_FIXED, self->fd, 0) !=
	    self->first)
		syscall_failed("mmap", errno);
	expect_result("pages with other bytes", lost(self, self->first), 0);
}

/* __folio_freeze_and_split_unmapped(): a folio has a reference for each of its pages. */
SCENARIO(huge_shared, cut,
	 "truncation in the middle of a huge page frees its pages behind the end of the file")
{
	static unsigned long frames[PAGES_LOOK_MAX];
	struct huge *h = &self->huge;
	size_t i, used = 0;

	write_all(self, self->first);
	for (i = h->pages / 2; i < h->pages; i++)
		frames[i] = page_at(0, page_in(self->first, i)).pfn;
	if (ftruncate(self->fd, h->size / 2))
		syscall_failed("ftruncate", errno);
	drain_lru_batches();
	for (i = h->pages / 2; i < h->pages; i++)
		used += frame_has_flag(frames[i], KPF_LRU);
	set_rule(RULE_END_OF_FILE);
	/* Others may use some of them by now. */
	expect(used < h->pages / 4, "%zu of %zu pages behind the end of the file are in use", used,
	       h->pages / 2);
}

/* In the child: one page is mapped, and then another one of the same folio. */
static long map_one_by_one(const struct buffer *buffer, long pages)
{
	unsigned char *addr = buffer->addr;
	const size_t size = features.page_size;

	touch(page_in(addr, FIRST));
	if (madvise(addr, FIRST * size, MADV_DONTNEED) ||
	    madvise(page_in(addr, FIRST + 1), (pages - FIRST - 1) * size, MADV_DONTNEED))
		return -errno;
	/* A read would map the pages around it, without asking for the folio. */
	*(volatile unsigned char *)page_in(addr, SECOND) = 1;
	return 0;
}

/* finish_fault() maps the whole folio, or else the page. */
SCENARIO(huge_shared, mapped_beside_another,
	 "a page of a folio of which another page is mapped can be accessed")
{
	struct huge *h = &self->huge;
	struct buffer mine = { .addr = self->second, .pages = h->pages, .size = h->size };

	write_all(self, self->first);
	map_at(self, self->second, MADV_NOHUGEPAGE);
	child_fork(&h->story.child);
	set_rule(RULE_HUGE_AS_ADVISED);
	expect_result("the accesses of a child",
		      child_call(&h->story.child, &mine, map_one_by_one, h->pages), 0);
}

/* shmem_allowable_huge_orders() */
SCENARIO(huge_shared, collapsed_by_force,
	 "MADV_COLLAPSE makes a huge page of shared memory although no setting allows one")
{
	allow(self, "never");
	map_at(self, self->first, MADV_NORMAL);
	write_all(self, self->first);
	drain_lru_batches();
	set_rule(RULE_COLLAPSE_BY_STATE);
	expect_result("MADV_COLLAPSE",
		      errno_of(madvise(self->first, self->huge.size, MADV_COLLAPSE)), 0);
	expect_result("the mapping is huge", is_huge(self, self->first), 1);
	expect_result("pages with other bytes", lost(self, self->first), 0);
}

/* shmem_get_orders_within_size() */
SCENARIO(huge_shared, within,
	 "with the setting within_size, a file that is smaller than a huge page gets a small one")
{
	struct stat file;
	int fd = memfd_create("within", MFD_CLOEXEC);

	allow(self, "within_size");
	if (fd < 0 || ftruncate(fd, self->huge.size / 2) ||
	    mmap(self->second, self->huge.size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
		 0) != self->second)
		syscall_failed("mmap", errno);
	*(volatile unsigned char *)self->second = 1;
	if (fstat(fd, &file))
		syscall_failed("fstat", errno);
	set_rule(RULE_HUGE_AS_ADVISED);
	expect(file.st_blocks * 512 <= (off_t)self->huge.size / 2,
	       "the file has %lld bytes of memory, and ends at %zu", file.st_blocks * 512LL,
	       self->huge.size / 2);
	close(fd);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_huge_shared", argc, argv);
}
