// SPDX-License-Identifier: GPL-2.0
/* System calls on a page that a device has exclusively */
#include "exclusive_meets.h"

#include <numaif.h>
#include <sys/uio.h>

#include "kernel/memory.h"
#include "reach/monitor.h"
#include "see/pin.h"

SCENARIO(exclusive_meets, protected,
	 "mprotect() of the page to read-only and back: reads work, writes fail while it is "
	 "read-only, and afterwards are done in place")
{
	struct story *s = &self->story;

	take_first(s);
	protect_memory(s->buffer.addr, s->buffer.size, PROT_READ);
	set_rule(RULE_WRITE_NEEDS_PERMISSION);
	expect_result("a write", cpu_write(&s->buffer, 0, 1, BY_OTHER), KILLED_BY(SIGSEGV));
	set_rule(RULE_DEVICE_EXCLUSIVE);
	expect_owner_sees(s, 0, BY_OWNER);
	expect_mapped(s, 0, PERM_RO);
	protect_memory(s->buffer.addr, s->buffer.size, PROT_READ | PROT_WRITE);
	expect_ended(s);
	expect_others_stay(s);
}

SCENARIO(exclusive_meets, moved_by_mremap,
	 "mremap() moves the page to another address with its frame and bytes, and leaves nothing "
	 "behind")
{
	struct story *s = &self->story;
	struct buffer moved = s->buffer;
	unsigned char *to = map_memory(s->buffer.size, PROT_NONE);

	take_first(s);
	move_memory(s->buffer.addr, s->buffer.size, to);
	moved.addr = to;
	set_rule(RULE_DEVICE_EXCLUSIVE);
	expect_bytes(moved.addr, s->buffer.serial, 0, BY_OWNER, "bytes of the moved page");
	expect(page_at(0, moved.addr).pfn == s->frames[0], "the moved page has another frame");
	expect_result("a write to it", cpu_write(&moved, 0, 1, BY_OWNER_AGAIN),
		      features.page_size);
	expect(page_at(0, moved.addr).pfn == s->frames[0], "a write made a copy");
	move_memory(moved.addr, moved.size, s->buffer.addr);
}

SCENARIO(exclusive_meets, freed,
	 "MADV_DONTNEED frees the page: the next read sees zeros, and the device has no access to "
	 "the old page")
{
	struct story *s = &self->story;

	take_first(s);
	advise_memory(s->buffer.addr, features.page_size, MADV_DONTNEED);
	set_rule(RULE_DEVICE_EXCLUSIVE);
	expect_at(s, 0, PLACE_NOWHERE);
	expect_result("HMM_DMIRROR_CHECK_EXCLUSIVE", is_taken(s, 0), 0);
	expect_result("a read by the device", device_read(&s->device, s->buffer.addr, 1), 0);
	expect_zeros(s->device.bounce, "bytes that the device reads");
	expect_zeros(s->buffer.addr, "memory that was freed");
	expect_others_stay(s);
}

SCENARIO(exclusive_meets, freed_lazily,
	 "MADV_FREE and MADV_COLD leave the page and its bytes alone")
{
	struct story *s = &self->story;

	take_first(s);
	expect_result("MADV_FREE", errno_of(madvise(s->buffer.addr, features.page_size,
						    MADV_FREE)), 0);
	expect_result("MADV_COLD", errno_of(madvise(s->buffer.addr, features.page_size,
						    MADV_COLD)), 0);
	expect_ended(s);
	expect_others_stay(s);
}

SCENARIO(exclusive_meets, locked,
	 "mlock() maps the page again where it was")
{
	struct story *s = &self->story;

	take_first(s);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("mlock", errno_of(mlock(s->buffer.addr, features.page_size)), 0);
	set_rule(RULE_DEVICE_EXCLUSIVE);
	expect_ended(s);
	/* munlock() of a page that is on a device: docs/findings.md, mlocked-leak. */
	device_move_back(&s->device, s->buffer.addr, 1);
	expect_result("munlock", errno_of(munlock(s->buffer.addr, features.page_size)), 0);
	expect_others_stay(s);
}

SCENARIO(exclusive_meets, read_from_outside,
	 "process_vm_readv() and process_vm_writev() end the exclusive access and reach the page "
	 "where it is")
{
	struct story *s = &self->story;
	static unsigned char copy[65536] __aligned(8);
	struct iovec mine = { copy, features.page_size };
	struct iovec its = { s->buffer.addr, features.page_size };

	take_first(s);
	expect_result("process_vm_readv",
		      errno_of(process_vm_readv(getpid(), &mine, 1, &its, 1, 0)),
		      features.page_size);
	expect_bytes(copy, s->buffer.serial, 0, BY_OWNER, "bytes that were read");
	expect_stays(s, 0);
	expect_result("HMM_DMIRROR_CHECK_EXCLUSIVE", is_taken(s, 0), 0);
	take_first(s);
	expect_result("process_vm_writev",
		      errno_of(process_vm_writev(getpid(), &mine, 1, &its, 1, 0)),
		      features.page_size);
	expect_ended(s);
	expect_others_stay(s);
}

SCENARIO(exclusive_meets, held,
	 "a reference by vmsplice() ends the exclusive access; the holder sees the bytes")
{
	struct story *s = &self->story;

	take_first(s);
	story_hold(s, 0);
	set_rule(RULE_DEVICE_EXCLUSIVE);
	expect_stays(s, 0);
	expect_result("HMM_DMIRROR_CHECK_EXCLUSIVE", is_taken(s, 0), 0);
	expect_holder_sees(s, 0, BY_OWNER);
}

SCENARIO(exclusive_meets, pinned,
	 "pins by slow and fast GUP end the exclusive access; a long-term pin moves the page off "
	 "the device")
{
	struct story *s = &self->story;
	const struct pin_kind kinds[] = { { .pin = true, .fast = true, .write = true },
					  { .pin = true }, { .pin = true, .longterm = true } };
	size_t i;

	need(pin_available(), SKIP_NO_GUP_TEST);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		take_first(s);
		expect_result("bytes pinned", pin_pages(kinds[i], s->buffer.addr, 1),
			      features.page_size);
		expect_result("HMM_DMIRROR_CHECK_EXCLUSIVE", is_taken(s, 0), 0);
		expect_owner_sees(s, 0, BY_OWNER);
		if (!kinds[i].longterm)
			expect_stays(s, 0);
	}
	set_rule(RULE_LONGTERM_LEAVES_DEVICE);
	expect_at(s, 0, PLACE_SYSTEM);
}

SCENARIO(exclusive_meets, asked_to_migrate,
	 "migration to the device, back, and by move_pages() and mbind() do not select the page; "
	 "nothing of it is lost")
{
	struct story *s = &self->story;
	void *pages[] = { s->buffer.addr };
	unsigned long nodes = 1;
	int status[1];

	take_first(s);
	device_move_to(&s->device, s->buffer.addr, 1);
	device_move_back(&s->device, s->buffer.addr, 1);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("move_pages", errno_of(move_pages(0, 1, pages, NULL, status, 0)), 0);
	expect_result("mbind", errno_of(mbind(s->buffer.addr, features.page_size, MPOL_PREFERRED,
					      &nodes, 2, MPOL_MF_MOVE)), 0);
	set_rule(RULE_DEVICE_EXCLUSIVE);
	expect_ended(s);
	expect_others_stay(s);
}

SCENARIO(exclusive_meets, write_protected,
	 "userfaultfd write protection of the page stops writes by the CPU and not reads, and "
	 "ends with its bytes")
{
	struct story *s = &self->story;

	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	self->monitor = monitor_open(s->buffer.addr, s->buffer.size, 0);
	take_first(s);
	monitor_protect(self->monitor, s->buffer.addr, features.page_size, true);
	set_rule(RULE_UFFD_STOPS_WRITES);
	expect_result("a write", cpu_write(&s->buffer, 0, 1, BY_OTHER), KILLED_BY(SIGBUS));
	expect_owner_sees(s, 0, BY_OWNER);
	expect(page_at(0, s->buffer.addr).uffd_wp, "the page is not protected any more");
	monitor_protect(self->monitor, s->buffer.addr, features.page_size, false);
	set_rule(RULE_DEVICE_EXCLUSIVE);
	expect_ended(s);
}

SCENARIO(exclusive_meets, taken_by_another,
	 "another file of the device can take the page, which ends the access of the first")
{
	struct story *s = &self->story;

	device_open(&self->second, story_on_device(s) ? s->place : PLACE_COHERENT, 1);
	self->has_second = true;
	take_first(s);
	expect_result("exclusive access of the second",
		      device_command(&self->second, HMM_DMIRROR_EXCLUSIVE, s->buffer.addr, 1), 0);
	expect_result("HMM_DMIRROR_CHECK_EXCLUSIVE of the first", is_taken(s, 0), 0);
	expect_result("HMM_DMIRROR_CHECK_EXCLUSIVE of the second",
		      device_command(&self->second, HMM_DMIRROR_CHECK_EXCLUSIVE, s->buffer.addr,
				     1), -EPERM);
	expect_ended(s);
	expect_result("HMM_DMIRROR_CHECK_EXCLUSIVE of the second",
		      device_command(&self->second, HMM_DMIRROR_CHECK_EXCLUSIVE, s->buffer.addr,
				     1), 0);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_exclusive_meets", argc, argv);
}
