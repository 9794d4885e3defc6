// SPDX-License-Identifier: GPL-2.0
/*
 * The devices: invalid requests, a failed allocation, and two devices that
 * migrate the same page
 */
#include "devices.h"

#include <linux/types.h>
#include <lib/test_hmm_uapi.h>
#include <sys/mman.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"

WHY_NOT(devices)
{
	return strcmp(test, "failed_allocation") || device_can_fail_allocation() ?
		       NULL : NO_FAILING_ALLOCATION;
}

/* Check that a page of a file or of shared memory is not migrated and does not change. */
static void expect_refused(struct story *s, void *addr, enum writer writer, const char *what)
{
	unsigned long frame;
	struct page after;

	set_rule(RULE_ONLY_ANONYMOUS);
	if (writer)
		write_page(addr, s->buffer.serial, 0, writer);
	frame = page_at(0, addr).pfn;
	must(frame, "%s: the page that was just touched is not mapped", what);
	expect_result(what, device_migrate_to(&s->device, addr, 1), -ENOENT);
	after = page_at(0, addr);
	expect(after.pfn == frame && in_memory(after.at),
	       "%s: the page is %s, frame 0x%lx, was 0x%lx", what, place_name(after.at), after.pfn,
	       frame);
	expect_bytes(addr, s->buffer.serial, 0, writer ? writer : BY_MEDIUM, what);
}

SCENARIO(devices, shared_memory_refused,
	 "shared anonymous memory and a shared file mapping are not migrated, and the driver "
	 "returns ENOENT")
{
	struct story *s = &self->story;
	const int prot = PROT_READ | PROT_WRITE;
	void *shared, *file;

	story_medium(s, ON_FILE);
	shared = mmap(NULL, features.page_size, prot, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	file = mmap(NULL, features.page_size, prot, MAP_SHARED, s->medium.buffered, 0);
	if (shared == MAP_FAILED || file == MAP_FAILED)
		syscall_failed("mmap", errno);
	expect_refused(s, shared, BY_OWNER, "shared anonymous memory");
	expect_refused(s, file, BY_OWNER_AGAIN, "a shared file mapping");
	expect_medium_has(s, 0, BY_OWNER_AGAIN);
}

/*
 * A private file mapping has two kinds of pages: those of the file, and
 * anonymous copies of those that were written.
 */
SCENARIO(devices, private_file_mapping,
	 "in a private file mapping, a page of the file is not migrated, and an anonymous copy is")
{
	struct story *s = &self->story;
	unsigned char *pages;

	story_medium(s, ON_FILE);
	pages = mmap(NULL, 2 * features.page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE,
		     s->medium.buffered, 0);
	if (pages == MAP_FAILED)
		syscall_failed("mmap", errno);
	expect_bytes(pages, s->buffer.serial, 0, BY_MEDIUM, "bytes of the mapping");
	expect_refused(s, pages, 0, "the file's page");

	write_page(pages + features.page_size, s->buffer.serial, 1, BY_OWNER);
	device_move_to(&s->device, pages + features.page_size, 1);
	set_rule(RULE_ENTRY);
	expect(page_at(0, pages + features.page_size).at == PLACE_COHERENT,
	       "the private copy is not on the device");
	expect_bytes(pages + features.page_size, s->buffer.serial, 1, BY_OWNER,
		     "bytes of the private copy");
	set_rule(RULE_NO_LEAK);
	expect_medium_has(s, 1, BY_MEDIUM);
}

SCENARIO(devices, arguments_refused,
	 "migration of no pages, from inside of a page, of an unmapped range and of PROT_NONE "
	 "returns EINVAL and moves nothing")
{
	struct story *s = &self->story;
	unsigned char *hole = map_memory(features.page_size, PROT_NONE);
	size_t i;

	set_rule(RULE_RANGE_REFUSED);
	expect_result("no pages", device_migrate_to(&s->device, s->buffer.addr, 0), -EINVAL);
	expect_result("an address inside of a page",
		      device_migrate_to(&s->device, s->buffer.addr + 8, 1), -EINVAL);
	expect_result("more pages than there are addresses",
		      device_command(&s->device, HMM_DMIRROR_SNAPSHOT, (void *)-features.page_size,
				     2),
		      -EINVAL);
	expect_result("PROT_NONE", device_migrate_to(&s->device, hole, 1), -EINVAL);
	expect_result("PROT_NONE, back", device_migrate_back(&s->device, hole, 1), -EINVAL);
	unmap_memory(hole, features.page_size);
	expect_result("nothing mapped", device_migrate_to(&s->device, hole, 1), -EINVAL);
	expect_result("nothing mapped, back", device_migrate_back(&s->device, hole, 1), -EINVAL);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	for (i = 0; i < PAGES; i++)
		expect_stays(s, i);
}

SCENARIO(devices, two_devices_one_page,
	 "a device does not migrate a page of the other device, and reads and writes it in place")
{
	struct story *s = &self->story;
	struct device *second = open_second(self, PLACE_REMOTE);
	struct snapshot seen;

	set_rule(RULE_ONLY_FROM_SYSTEM);
	device_move_to(second, s->buffer.addr, PAGES);
	expect_stays(s, 0);
	set_rule(RULE_BACK);
	expect_result("migration back by the other device",
		      device_migrate_back(second, s->buffer.addr, PAGES), 0);
	expect_stays(s, 0);

	set_rule(RULE_DEVICE_IN_PLACE);
	seen = device_snapshot(second, s->buffer.addr);
	expect_same(seen.at == PLACE_REMOTE, "place of page 0 for the other device",
		    "another device's", place_name(seen.at));
	expect_result("the other device's read", device_read(second, s->buffer.addr, 1), 0);
	expect_bytes(second->bounce, s->buffer.serial, 0, BY_OWNER,
		     "bytes that the other device reads");
	write_page(second->bounce, s->buffer.serial, 0, BY_DEVICE);
	set_rule(s->read_only ? RULE_WRITE_NEEDS_PERMISSION : RULE_DEVICE_IN_PLACE);
	expect_result("the other device's write", device_write(second, s->buffer.addr, 1),
		      s->read_only ? -EPERM : 0);
	expect_stays(s, 0);
	expect_owner_sees(s, 0, s->read_only ? BY_OWNER : BY_DEVICE);
}

SCENARIO(devices, tug_of_war,
	 "two devices migrate the same pages alternately, by way of memory, and no byte is lost")
{
	struct story *s = &self->story;
	struct device *devices[] = { open_second(self, PLACE_REMOTE), &s->device };
	int round;

	for (round = 0; round < 6; round++) {
		struct device *loser = devices[!(round & 1)], *winner = devices[round & 1];

		set_rule(RULE_BACK);
		device_move_back(loser, s->buffer.addr, PAGES);
		expect_at(s, 0, PLACE_SYSTEM);
		set_rule(RULE_ENTRY);
		device_move_to(winner, s->buffer.addr, PAGES);
		expect_at(s, 0, winner->memory);
		expect_at(s, PAGES - 1, winner->memory);
		expect_mapped(s, 0, s->read_only ? PERM_RO : PERM_RW);
		set_rule(RULE_ONLY_FROM_SYSTEM);
		device_move_to(loser, s->buffer.addr, PAGES);
		expect_at(s, 0, winner->memory);
		expect_owner_sees(s, 0, BY_OWNER);
		expect_owner_sees(s, PAGES - 1, BY_OWNER);
	}
	set_rule(RULE_EXCLUSIVE_IS_REUSED);
	expect_exclusive(s, 0, true);
}

SCENARIO(devices, failed_allocation,
	 "a page for which the driver fails to allocate stays with its bytes, and the other pages "
	 "move")
{
	struct story *s = &self->story;

	device_fail_allocation(&s->device);
	set_rule(RULE_NO_PAGE_NO_MOVE);
	expect_result("migration back", device_migrate_back(&s->device, s->buffer.addr, 1),
		      -ENOMEM);
	expect_stays(s, 0);
	expect_owner_sees(s, 0, BY_OWNER);
	set_rule(RULE_BACK);
	expect_result("the second migration back",
		      device_migrate_back(&s->device, s->buffer.addr, PAGES), 0);
	expect_at(s, 0, PLACE_SYSTEM);
	story_remember_frames(s);

	device_fail_allocation(&s->device);
	set_rule(RULE_NO_PAGE_NO_MOVE);
	expect_result("migration", device_migrate_to(&s->device, s->buffer.addr, PAGES), -ENOENT);
	expect_at(s, 0, PLACE_SYSTEM);
	expect_same_frame(s, 0);
	expect_mapped(s, 0, s->read_only ? PERM_RO : PERM_RW);
	expect_owner_sees(s, 0, BY_OWNER);
	set_rule(RULE_ENTRY);
	expect_at(s, 1, PLACE_COHERENT);
	device_move_to(&s->device, s->buffer.addr, 1);
	expect_at(s, 0, PLACE_COHERENT);
	expect_owner_sees(s, 0, BY_OWNER);
	expect_owner_sees(s, 1, BY_OWNER);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_devices", argc, argv);
}
