// SPDX-License-Identifier: GPL-2.0
/*
 * Private copies of a file's pages on a device, when other users of the file or
 * of the copies are there: a child, a holder of a reference, O_DIRECT on the
 * same file, a userfaultfd
 */
#include "file_pages.h"

#include <signal.h>
#include <string.h>

#include "reach/monitor.h"

WHY_NOT(file_pages)
{
	if (!strcmp(test, "truncated_while_held") && variant->place == PLACE_PRIVATE)
		return "a reference to a private page moves it to memory";
	return NULL;
}

SCENARIO(file_pages, truncated_in_child,
	 "ftruncate() unmaps the private copies that a child shares, in both processes, and each "
	 "frame is freed once; a page of the child before the new end stays")
{
	struct story *s = &self->story;
	const long page = features.page_size;

	child_fork(&s->child);
	truncate_to(s, page + CUT);
	set_rule(RULE_END_OF_FILE);
	expect_result("the child's load behind the end",
		      child_read(&s->child, &s->buffer, 2, 1, NULL), KILLED_BY(SIGBUS));
	expect_result("the parent's load behind the end", cpu_read(&s->buffer, 2, 1, NULL),
		      KILLED_BY(SIGBUS));
	set_rule(RULE_PRIVATE_COPY_STAYS);
	expect_child_keeps_frame(s, &s->child, 0);
	expect_stays(s, 0);
	expect_given_back(s, 2);
	set_rule(RULE_PRIVATE_COPY_STAYS);
	expect_child_sees(s, &s->child, 1, BY_OWNER);
	expect_owner_sees(s, 0, BY_OWNER);
}

SCENARIO(file_pages, truncated_while_held,
	 "ftruncate() unmaps a private copy to which a reference is held; its frame is freed when "
	 "the reference is released, with its bytes until then")
{
	struct story *s = &self->story;
	struct buffer next;

	story_hold(s, 2);
	truncate_to(s, features.page_size + CUT);
	set_rule(RULE_END_OF_FILE);
	expect_result("a load behind the end", cpu_read(&s->buffer, 2, 1, NULL),
		      KILLED_BY(SIGBUS));
	set_rule(RULE_FREED_TO_DRIVER);
	if (story_on_device(s)) {
		next_frames_take(&next, COPIES, &s->device, s->place);
		expect_result("times that the frame is handed out while it is held",
			      next_frames_count(&next, s->frames[2]), 0);
		next_frames_return(&next);
	}
	set_rule(RULE_PRIVATE_COPY_STAYS);
	expect_holder_sees(s, 2, BY_OWNER);
	expect_given_back(s, 2);
}

SCENARIO(file_pages, written_by_child,
	 "a child that writes a shared private copy gets a copy in memory; the parent's copy and "
	 "the file stay as they are")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("the child's mprotect",
		      child_protect(&s->child, &s->buffer, PROT_READ | PROT_WRITE), 0);
	set_rule(RULE_SHARED_IS_COPIED);
	expect_result("the child's write", child_write(&s->child, &s->buffer, 0, 1, BY_CHILD),
		      features.page_size);
	expect_child_has_other_frame(s, &s->child, 0, PLACE_SYSTEM);
	if (s->place != PLACE_PRIVATE)	/* whose page the write first moves to memory */
		expect_stays(s, 0);
	set_rule(RULE_NO_LEAK);
	expect_child_sees(s, &s->child, 0, BY_CHILD);
	expect_owner_sees(s, 0, BY_OWNER);
	set_rule(RULE_PRIVATE_COPY_STAYS);
	expect_medium_has(s, 0, BY_MEDIUM);
}

/*
 * An empty page in place of the file's would hide the file from the process.
 * Only the mapping of page 0 is removed: the file has the page in its cache.
 */
SCENARIO(file_pages, hole_is_not_filled,
	 "migration does not fill a hole of a private file mapping: the mapping shows the file's "
	 "page there")
{
	struct story *s = &self->story;

	advise_memory(s->buffer.addr, features.page_size, MADV_DONTNEED);
	advise_memory(buffer_page(&s->buffer, COPIES), features.page_size, MADV_DONTNEED);
	device_move_to(&s->device, s->buffer.addr, PAGES);
	set_rule(RULE_ONLY_ANONYMOUS);
	expect_at(s, 0, PLACE_NOWHERE);
	expect_at(s, COPIES, PLACE_NOWHERE);
	expect_owner_sees(s, 0, BY_MEDIUM);
	expect_owner_sees(s, COPIES, BY_MEDIUM);
	expect(in_memory(page_at(0, s->buffer.addr).at), "the file's page is %s",
	       place_name(page_at(0, s->buffer.addr).at));
}

SCENARIO(file_pages, grown,
	 "bytes that are added to a file are seen behind its old end; a copy of them migrates, and "
	 "does not change the file")
{
	struct story *s = &self->story;
	const long page = features.page_size;

	truncate_to(s, 2 * page);
	write_page(s->medium.bounce, s->buffer.serial, COPIES, BY_OTHER);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("a write behind the end",
		      pwrite(s->medium.buffered, s->medium.bounce, page, COPIES * page), page);
	set_rule(RULE_END_OF_FILE);
	expect_owner_sees(s, COPIES, BY_OTHER);
	expect_result("a load between both", cpu_read(&s->buffer, 2, 1, s->medium.bounce), page);
	expect_zeros(s->medium.bounce, "the page between the old and the new bytes");
	story_protect(s, 0, PAGES, PROT_READ | PROT_WRITE);
	set_rule(RULE_PRIVATE_COPY_STAYS);
	expect_result("a store", cpu_write(&s->buffer, COPIES, 1, BY_OWNER), page);
	device_move_to(&s->device, buffer_page(&s->buffer, COPIES), 1);
	set_rule(RULE_ENTRY);
	expect_at(s, COPIES, s->place == PLACE_PRIVATE ? PLACE_PRIVATE : PLACE_COHERENT);
	set_rule(RULE_PRIVATE_COPY_STAYS);
	expect_owner_sees(s, COPIES, BY_OWNER);
	expect_medium_has(s, COPIES, BY_OTHER);
	expect_stays(s, 0);
}

/*
 * An O_DIRECT write removes the file's pages from the page cache and from all
 * mappings (invalidate_inode_pages2_range()), but not the private copies.
 */
SCENARIO(file_pages, written_directly,
	 "O_DIRECT from a private copy to its own file writes the copy's bytes; the copy stays on "
	 "the device, and the mapping shows the new bytes where it has no copy")
{
	struct story *s = &self->story;
	const long page = features.page_size;

	set_rule(RULE_BYTES_ARRIVE);
	expect_result("an O_DIRECT write of copy 0 to its place",
		      errno_of(pwrite(s->medium.fd, s->buffer.addr, page, 0)), page);
	expect_result("an O_DIRECT write of copy 1 to the place of the file's page",
		      errno_of(pwrite(s->medium.fd, buffer_page(&s->buffer, 1), page,
				      COPIES * page)), page);
	if (s->place != PLACE_PRIVATE) {
		expect_copies_stay(s, COPIES);
	} else {
		set_rule(RULE_PRIVATE_FAULTS_BACK);
		expect_at(s, 0, PLACE_SYSTEM);
		set_rule(RULE_PRIVATE_COPY_STAYS);
		expect_stays(s, 2);
	}
	set_rule(RULE_BYTES_ARRIVE);
	expect_medium_has(s, 0, BY_OWNER);
	set_rule(RULE_NEXT_ACCESS_SEES);
	expect_result("a load from the file's page",
		      cpu_read(&s->buffer, COPIES, 1, s->medium.bounce), page);
	expect_bytes(s->medium.bounce, s->buffer.serial, 1, BY_OWNER, "bytes of the file's page");
	expect_copies_have(s, COPIES);
}

SCENARIO(file_pages, read_directly,
	 "O_DIRECT from a file into private copies of its own pages changes the copies and not the "
	 "file; a read-only copy is not changed")
{
	struct story *s = &self->story;
	const long size = COPIES * (long)features.page_size;
	size_t i;

	set_rule(s->read_only ? RULE_WRITE_NEEDS_PERMISSION : RULE_BYTES_ARRIVE);
	expect_result("an O_DIRECT read into the copies",
		      errno_of(pread(s->medium.fd, s->buffer.addr, size, 0)),
		      s->read_only ? -EFAULT : size);
	if (s->place != PLACE_PRIVATE || s->read_only)
		expect_copies_stay(s, COPIES);
	set_rule(RULE_BYTES_ARRIVE);
	for (i = 0; i < COPIES; i++)
		expect_owner_sees(s, i, s->read_only ? BY_OWNER : BY_MEDIUM);
	expect_owner_sees(s, COPIES, BY_MEDIUM);
}

/*
 * Unlike the protection of anonymous memory, that of a file's mapping is kept
 * as a mark when the page is removed: the file still has bytes there, and the
 * monitor has asked for each write to them.
 */
SCENARIO(file_pages, protected_then_zapped,
	 "if MADV_DONTNEED removes a private copy that userfaultfd protects, the file's page is "
	 "protected in its place")
{
	struct story *s = &self->story;
	struct buffer map = { .pages = 1, .size = features.page_size,
			      .serial = s->buffer.serial };
	int file = memfd_create("file-copies", MFD_CLOEXEC), fd;

	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	if (file < 0 || ftruncate(file, map.size))
		syscall_failed("memfd_create", errno);
	map.addr = mmap(s->buffer.addr, map.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED,
			file, 0);
	if (map.addr == MAP_FAILED)
		syscall_failed("mmap", errno);
	buffer_write(&map, 0, 1, BY_OWNER);
	if (story_on_device(s)) {
		device_move_to(&s->device, map.addr, 1);
		set_rule(RULE_ENTRY);
		expect_at(s, 0, s->place);
	}
	fd = monitor_open(map.addr, map.size, MONITOR_OF_SHARED_MEMORY);
	need(fd >= 0, SKIP_NO_UFFD_WP);
	monitor_protect(fd, map.addr, map.size, true);
	set_rule(RULE_PROTECTION_AS_ASKED);
	must(page_at(0, map.addr).uffd_wp, "UFFDIO_WRITEPROTECT does not protect the copy");
	advise_memory(map.addr, map.size, MADV_DONTNEED);
	set_rule(RULE_UFFD_STOPS_WRITES);
	expect_same(page_at(0, map.addr).uffd_wp, "protection after MADV_DONTNEED", "on", "off");
	expect_result("a store", cpu_write(&map, 0, 1, BY_OTHER), KILLED_BY(SIGBUS));
	expect_zeros(map.addr, "the file's page");
	monitor_protect(fd, map.addr, map.size, false);
	expect_result("a store after the protection", cpu_write(&map, 0, 1, BY_OTHER),
		      features.page_size);
	close(fd);
	close(file);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_file_copies", argc, argv);
}
