// SPDX-License-Identifier: GPL-2.0
/*
 * Tests that may crash a kernel: flags that stay set on a page frame, exclusive
 * access, a page that is freed in an interrupt
 */
#include "destructive.h"
#include "exclusive_reclaim.h"

#include <errno.h>
#include <linux/types.h>
#include <lib/test_hmm_uapi.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/lockdep.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "reach/next_frames.h"
#include "reach/transfer.h"
#include "see/dump.h"
#include "see/pin.h"

/* Since Linux 4.4; glibc 2.27 defines it only with some feature macros. */
#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif

static long lock_on_fault(const struct buffer *buffer, long arg)
{
	(void)arg;
	return syscall(SYS_mlock2, buffer->addr, features.page_size, MLOCK_ONFAULT) ? -errno : 0;
}

/*
 * mlock2() by the child makes the first page unevictable; repeated GUP makes
 * the second one active. If both flags are set on one page frame,
 * folio_migrate_flags() hits a VM_BUG_ON.
 */
SCENARIO(destructive, flags_of_two_lives,
	 "a page frame that was unevictable for its first user and is active for the next can be "
	 "migrated back")
{
	struct story *s = &self->story;
	const struct pin_kind get = { .pin = false };
	unsigned long frame;
	long error;
	int i;

	need(pin_available(), SKIP_NO_GUP_TEST);
	story_migrate_back(s);
	child_fork(&s->child);
	error = child_call(&s->child, &s->buffer, lock_on_fault, 0);
	if (error)
		syscall_failed("mlock2", -error);
	drain_lru_batches();
	device_move_to(&s->device, s->buffer.addr, 1);
	frame = page_at(0, s->buffer.addr).pfn;
	child_leave(&s->child);
	unmap_memory(s->buffer.addr, features.page_size);

	set_rule(RULE_SHORT_PIN_STAYS);
	for (i = 0; i < 20; i++)
		must(pin_pages(get, buffer_page(&s->buffer, 1), 1) == (long)features.page_size,
		     "GUP does not get a page of memory");
	drain_lru_batches();
	device_move_to(&s->device, buffer_page(&s->buffer, 1), 1);
	set_rule(RULE_FREED_TO_DRIVER);
	must(story_page(s, 1).pfn == frame,
	     "the second page did not get frame 0x%lx, which the first one has freed", frame);
	report_line("note:", "flags: %s", page_dump(buffer_page(&s->buffer, 1)).flags);
	device_move_back(&s->device, buffer_page(&s->buffer, 1), 1);
	set_rule(RULE_FRESH_FRAME);
	expect(story_page(s, 1).at != PLACE_COHERENT,
	       "the page was not migrated back");
	expect_owner_sees(s, 1, BY_OWNER);
}

/*
 * The device-exclusive entry holds one reference, and eviction must find no
 * other one. Code that mistakes the entry for a migration entry takes another.
 */
SCENARIO(destructive, exclusive_page_evicted,
	 "a page under exclusive access by the device keeps its bytes when all pages of the device "
	 "are evicted, and is freed once")
{
	struct story *s = &self->story;
	struct device other;
	struct buffer next;
	size_t i;

	need(kernel_has(CHANGE_CLOSE_EVICTS), SKIP_NO_EVICTION);
	set_rule(RULE_DEVICE_EXCLUSIVE);
	expect_result("exclusive access",
		      device_command(&s->device, HMM_DMIRROR_EXCLUSIVE, s->buffer.addr, 1), 0);
	device_open(&other, PLACE_COHERENT, 1);
	device_close(&other);
	set_rule(RULE_DEVICE_EXCLUSIVE);
	for (i = 0; i < PAGES; i++)
		expect_owner_sees(s, i, BY_OWNER);
	story_write(s, 0);
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);

	unmap_memory(s->buffer.addr, PAGES * features.page_size);
	next_frames_take(&next, PAGES, &s->device, PLACE_COHERENT);
	set_rule(RULE_FREED_TO_DRIVER);
	expect(next_frames_count(&next, s->frames[0]),
	       "frame 0x%lx was not returned to the driver by munmap()", s->frames[0]);
	next_frames_return(&next);
}

/*
 * The transfer holds the last reference, and drops it when the disk completes
 * it: in an interrupt. Only lockdep detects that this can deadlock.
 */
SCENARIO(destructive, freed_by_transfer,
	 "a page whose last reference is held by a transfer is returned to the driver in an "
	 "interrupt, without a possible deadlock")
{
	struct story *s = &self->story;
	struct transfer transfer;

	need(lockdep_watches(), SKIP_NO_LOCKDEP);
	story_medium(s, ON_SLOW);
	transfer_start_read(&transfer, s->medium.fd, s->buffer.addr, features.page_size);
	unmap_memory(s->buffer.addr, features.page_size);
	transfer_prove_in_flight(&transfer, &s->suspension);
	story_dma_lands(s);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("completion", transfer_finish(&transfer), features.page_size);
}

SCENARIO(destructive, exclusive_page_reclaimed,
	 "a page of memory under exclusive access by the device survives reclaim with its bytes")
{
	expect_reclaim_keeps(&self->story.device);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_destructive", argc, argv);
}
