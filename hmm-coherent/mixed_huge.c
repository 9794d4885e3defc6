// SPDX-License-Identifier: GPL-2.0
/*
 * A huge page of which a child shares some pages: what is done to all of its
 * pages at once has to look at each
 *
 * Page tables are changed in batches of the pages of a folio. Whether a page
 * may be written in place is known for each page (PageAnonExclusive), not for
 * the folio. If a batch takes the state of its first page for that of all, a
 * write of the parent is seen by the child.
 */
#include "suite/harness.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "reach/monitor.h"
#include "see/pin.h"

#include "mixed_huge.h"

FIXTURE(mixed_huge)
{
	struct mixture mixture;
	int monitor;		/* -1: none */
};

FIXTURE_VARIANT(mixed_huge)
{
	unsigned int shared;
};

FIXTURE_VARIANT_ADD(mixed_huge, first_shared) { .shared = FIRST_SHARED };
FIXTURE_VARIANT_ADD(mixed_huge, last_shared) { .shared = LAST_SHARED };
FIXTURE_VARIANT_ADD(mixed_huge, alternating) { .shared = ALTERNATING };

WHY_NOT(mixed_huge)
{
	if (!strcmp(test, "pinned_for_reading") && !features.gup_test)
		return "this kernel has no gup_test";
	return NULL;
}

FIXTURE_SETUP(mixed_huge)
{
	struct huge *h = &self->mixture.huge;

	self->monitor = -1;
	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	huge_begin(h, false);
	huge_fill(h, h->addr, true);
	self->mixture.shared = variant->shared;
	share(&self->mixture);
}

FIXTURE_TEARDOWN(mixed_huge)
{
	if (self->monitor >= 0)
		close(self->monitor);
	huge_end(&self->mixture.huge);
}

SCENARIO(mixed_huge, written,
	 "without any other call: exclusive pages are written in place, shared ones are copied")
{
	expect_written(&self->mixture, self->mixture.huge.addr);
}

SCENARIO(mixed_huge, read_only_and_back,
	 "the same after mprotect() of all pages to read-only and back")
{
	struct huge *h = &self->mixture.huge;

	protect_memory(h->addr, h->size, PROT_READ);
	protect_memory(h->addr, h->size, PROT_READ | PROT_WRITE);
	expect_written(&self->mixture, h->addr);
}

SCENARIO(mixed_huge, no_access_and_back,
	 "the same after mprotect() of all pages to PROT_NONE and back")
{
	struct huge *h = &self->mixture.huge;

	protect_memory(h->addr, h->size, PROT_NONE);
	protect_memory(h->addr, h->size, PROT_READ | PROT_WRITE);
	expect_written(&self->mixture, h->addr);
}

SCENARIO(mixed_huge, write_protected,
	 "the same after write protection of all pages by userfaultfd was set and removed; while "
	 "it is set each write is stopped")
{
	struct huge *h = &self->mixture.huge;
	struct buffer mine = looked_at(&self->mixture);
	size_t i, stopped = 0;

	self->monitor = monitor_open(h->addr, h->size, 0);
	monitor_protect(self->monitor, h->addr, h->size, true);
	for (i = 0; i < LOOK; i++)
		stopped += cpu_write(&mine, i, 1, BY_OTHER) == KILLED_BY(SIGBUS);
	set_rule(RULE_UFFD_STOPS_WRITES);
	expect_result("writes that were stopped", stopped, LOOK);
	monitor_protect(self->monitor, h->addr, h->size, false);
	expect_written(&self->mixture, h->addr);
}

SCENARIO(mixed_huge, moved,
	 "the same after mremap() of all pages to another address")
{
	struct huge *h = &self->mixture.huge;
	const size_t size = LOOK * features.page_size;

	/* The pages are in one mapping again: MADV_DOFORK has undone the difference. */
	set_rule(RULE_LEGAL_CALLS_WORK);
	move_memory(h->addr, size, h->control);
	expect_written(&self->mixture, h->control);
	if (mmap(h->addr, size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		syscall_failed("mmap", errno);
}

SCENARIO(mixed_huge, forked_again,
	 "after a second fork() all pages are shared: the parent's writes make copies, and the "
	 "second child sees the old bytes")
{
	struct huge *h = &self->mixture.huge;
	const struct buffer its = looked_at(&self->mixture);
	size_t i, leaked = 0, reused = 0;

	child_fork(&h->story.second_child);
	for (i = 0; i < LOOK; i++) {
		write_page(page_in(h->addr, i), its.serial, i, BY_OWNER_AGAIN);
		reused += page_at(0, page_in(h->addr, i)).pfn == self->mixture.frames[i];
		leaked += child_look(&h->story.second_child, &its, i, BY_OWNER,
				     BY_OWNER_AGAIN) != DATA_OLD;
	}
	set_rule(RULE_SHARED_IS_COPIED);
	expect_result("shared pages that were written in place", reused, 0);
	set_rule(RULE_NO_LEAK);
	expect_result("pages in which the second child does not see the old bytes", leaked, 0);
}

SCENARIO(mixed_huge, pinned_for_reading,
	 "a pin for reading of all pages copies the shared ones and leaves the others; the child "
	 "keeps its bytes")
{
	struct huge *h = &self->mixture.huge;
	const struct pin_kind pin = { .pin = true };
	size_t i, kept = 0, copied = 0;

	set_rule(RULE_PIN_UNSHARES);
	expect_result("bytes pinned", pin_pages(pin, h->addr, LOOK), LOOK * features.page_size);
	for (i = 0; i < LOOK; i++) {
		if (is_shared(&self->mixture, i))
			kept += page_at(0, page_in(h->addr, i)).pfn == self->mixture.frames[i];
		else
			copied += page_at(0, page_in(h->addr, i)).pfn != self->mixture.frames[i];
	}
	expect_result("shared pages that were not unshared", kept, 0);
	expect_result("exclusive pages that were copied", copied, 0);
}

SCENARIO(mixed_huge, unmapped_in_part,
	 "after munmap() of half of the pages the rest behaves the same")
{
	struct huge *h = &self->mixture.huge;

	unmap_memory(page_in(h->addr, LOOK), h->size - LOOK * features.page_size);
	expect_written(&self->mixture, h->addr);
	if (mmap(page_in(h->addr, LOOK), h->size - LOOK * features.page_size,
		 PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	    MAP_FAILED)
		syscall_failed("mmap", errno);
}

/*
 * Migration splits the huge page, or leaves its pages in memory: older kernels
 * do not split one that is mapped by small entries.
 */
SCENARIO(mixed_huge, asked_to_migrate,
	 "migration of the pages to the device, as far as the kernel does it, keeps which are "
	 "shared")
{
	struct huge *h = &self->mixture.huge;

	huge_move_to_device(h, 0, LOOK);
	report_line("note:", "%zu pages are on the device",
		    pages_at(h->addr, LOOK, PLACE_COHERENT));
	note_frames(&self->mixture);
	expect_written(&self->mixture, h->addr);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_mixed_huge", argc, argv);
}
