// SPDX-License-Identifier: GPL-2.0
/* mremap(): what it moves, grows, shrinks and refuses */
#include "mappings.h"

#include <fcntl.h>
#include <linux/aio_abi.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/restore.h"
#include "kernel/since.h"
#include "reach/cpu.h"
#include "reach/monitor.h"

#define MAX_MAPPINGS "/proc/sys/vm/max_map_count"
#define KEEP SIZE_MAX		/* a field of struct wrong that does not matter */
#define NOWHERE ((void *)~0xfffUL)	/* an address that no mapping can have */

WHY_NOT(mappings)
{
	return strcmp(test, "remap_at_limit") || kernel_has(CHANGE_ROOM_FOR_FOUR) ?
		       NULL :
		       "mremap() of this kernel needs room for more mappings (7.1)";
}

/* One call that is refused; addresses and sizes are in pages, @off in bytes. */
struct wrong {
	const char *what;
	size_t from, from_off, old_pages, new_pages;
	int flags;
	size_t to, to_off;
	long error;
};

static const struct wrong wrongs[] = {
	{ "from an unaligned address", FIRST, 1, 2, 2, MREMAP_MAYMOVE, KEEP, 0, -EINVAL },
	{ "to no size", FIRST, 0, 2, 0, MREMAP_MAYMOVE, KEEP, 0, -EINVAL },
	{ "with an unknown flag", FIRST, 0, 2, 2, 1 << 8, KEEP, 0, -EINVAL },
	{ "MREMAP_FIXED without MREMAP_MAYMOVE", FIRST, 0, 2, 2, MREMAP_FIXED, TARGET, 0,
	  -EINVAL },
	{ "MREMAP_DONTUNMAP without MREMAP_MAYMOVE", FIRST, 0, 2, 2, 4, KEEP, 0, -EINVAL },
	{ "MREMAP_DONTUNMAP with another size", FIRST, 0, 2, 3, MREMAP_MAYMOVE | 4, KEEP, 0,
	  -EINVAL },
	{ "to an unaligned address", FIRST, 0, 2, 2, MREMAP_MAYMOVE | MREMAP_FIXED, TARGET, 1,
	  -EINVAL },
	{ "onto itself", FIRST, 0, 2, 2, MREMAP_MAYMOVE | MREMAP_FIXED, FIRST + 1, 0, -EINVAL },
	{ "of private memory without an old size", FIRST, 0, 0, 2, MREMAP_MAYMOVE, KEEP, 0,
	  -EINVAL },
	{ "of what is not mapped", AREA, 0, 1, 1, MREMAP_MAYMOVE, KEEP, 0, -EFAULT },
	{ "over the end of the mapping", FIRST + 4, 0, 4, 8, MREMAP_MAYMOVE, KEEP, 0, -EFAULT },
	{ "growing without room", FIRST, 0, PAGES, PAGES + 1, 0, KEEP, 0, -ENOMEM },
};

static long remap(FIXTURE_DATA(mappings) (*self), const struct wrong *call)
{
	const size_t size = features.page_size;
	/* Without MREMAP_FIXED and MREMAP_DONTUNMAP the address is not looked at. */
	const bool unused = call->to == KEEP && !(call->flags & 4);
	void *to = unused ? NOWHERE :
		   call->to == KEEP ? NULL : page_of(self, call->to) + call->to_off;

	/* The C library passes the address only together with a flag that uses it. */
	return syscall(SYS_mremap, page_of(self, call->from) + call->from_off,
		       call->old_pages * size, call->new_pages * size, call->flags, to) < 0 ?
		       -errno : 0;
}

SCENARIO(mappings, remap_refused,
	 "mremap() with wrong arguments returns EINVAL, of what is not one mapping EFAULT, and "
	 "without room ENOMEM; the pages stay as they are")
{
	size_t i;

	fill(self, FIRST);
	/* The page behind the area is not mapped. */
	unmap_memory(page_of(self, AREA - 1), features.page_size);
	for (i = 0; i < ARRAY_SIZE(wrongs); i++) {
		struct wrong call = wrongs[i];

		if (call.from == AREA)
			call.from--;
		set_rule(RULE_REMAPPED);
		expect_result(call.what, remap(self, &call), call.error);
		expect_pages(self, FIRST, 0, PAGES);
	}
}

/* VM_DONTEXPAND: behind its end is memory of the kernel that is not the ring's. */
SCENARIO(mappings, remap_of_ring,
	 "mremap() does not grow a mapping of a ring of io_uring: EFAULT")
{
	const size_t size = features.page_size;
	struct ring ring;
	void *result;

	need(ring_available(), SKIP_NO_IO_URING);
	ring_open(&ring);
	set_rule(RULE_REMAPPED);
	result = mremap(ring.uring.sq.sqes, size, 2 * size, MREMAP_MAYMOVE);
	expect_result("mremap() to a larger size", result == MAP_FAILED ? -errno : 0, -EFAULT);
	ring_close(&ring);
}

SCENARIO(mappings, remap_shrinks,
	 "mremap() to a smaller size unmaps the end and leaves the other pages")
{
	const size_t size = features.page_size;
	struct buffer rest = { .addr = page_of(self, FIRST), .pages = PAGES, .size = PAGES * size,
			       .serial = self->story.buffer.serial };

	fill(self, FIRST);
	set_rule(RULE_REMAPPED);
	must(mremap(page_of(self, FIRST), PAGES * size, 2 * size, 0) == page_of(self, FIRST),
	     "mremap: %s", strerror(errno));
	expect_pages(self, FIRST, 0, 2);
	expect_result("a read behind the new end", cpu_read(&rest, 2, 1, NULL),
		      KILLED_BY(SIGSEGV));
	expect_result("a read at the old end", cpu_read(&rest, PAGES - 1, 1, NULL),
		      KILLED_BY(SIGSEGV));
}

SCENARIO(mappings, remap_grows,
	 "mremap() to a larger size elsewhere moves the pages, adds zeros, and leaves nothing")
{
	const size_t size = features.page_size;
	struct buffer old = { .addr = page_of(self, FIRST), .pages = PAGES, .size = PAGES * size,
			      .serial = self->story.buffer.serial };
	unsigned char *moved;
	size_t i;

	fill(self, FIRST);
	set_rule(RULE_REMAPPED);
	moved = mremap(old.addr, PAGES * size, 2 * PAGES * size, MREMAP_MAYMOVE);
	must(moved != MAP_FAILED && moved != old.addr, "mremap: %s", strerror(errno));
	for (i = 0; i < PAGES; i++) {
		expect(page_at(0, moved + i * size).pfn == self->frames[i],
		       "page %zu has another frame", i);
		expect_bytes(moved + i * size, old.serial, i, BY_OWNER, "bytes of a moved page");
	}
	for (i = PAGES; i < 2 * PAGES; i++)
		expect_zeros(moved + i * size, "a page that was added");
	expect_result("a read at the old address", cpu_read(&old, 0, 1, NULL),
		      KILLED_BY(SIGSEGV));
	unmap_memory(moved, 2 * PAGES * size);
}

SCENARIO(mappings, remap_replaces,
	 "mremap() onto another mapping replaces its pages, and nothing around them")
{
	const size_t size = features.page_size;
	unsigned long first;

	fill(self, FIRST);
	map_pages(self, TARGET - 1, 4);
	write_page(page_of(self, TARGET - 1), self->story.buffer.serial, 0, BY_OTHER);
	write_page(page_of(self, TARGET), self->story.buffer.serial, 0, BY_OTHER);
	write_page(page_of(self, TARGET + 2), self->story.buffer.serial, 0, BY_OTHER);
	first = page_at(0, page_of(self, TARGET - 1)).pfn;
	set_rule(RULE_REMAPPED);
	move_memory(page_of(self, FIRST + 1), 2 * size, page_of(self, TARGET));
	expect_pages(self, TARGET, 1, 2);
	expect_pages(self, FIRST, 0, 1);
	expect_pages(self, FIRST + 3, 3, PAGES - 3);
	expect(page_at(0, page_of(self, FIRST + 1)).at == PLACE_NOWHERE,
	       "a page is left at the old address");
	expect(page_at(0, page_of(self, TARGET - 1)).pfn == first,
	       "the page before the target has another frame");
	expect_bytes(page_of(self, TARGET - 1), self->story.buffer.serial, 0, BY_OTHER,
		     "bytes of the page before the target");
	expect_bytes(page_of(self, TARGET + 2), self->story.buffer.serial, 0, BY_OTHER,
		     "bytes of the page behind the target");
}

SCENARIO(mappings, remap_duplicates,
	 "mremap() of shared memory without an old size maps its pages a second time")
{
	const size_t size = features.page_size;
	unsigned char *shared = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0), *second;

	if (shared == MAP_FAILED)
		syscall_failed("mmap", errno);
	write_page(shared, self->story.buffer.serial, 0, BY_OWNER);
	set_rule(RULE_REMAPPED);
	second = mremap(shared, 0, 2 * size, MREMAP_MAYMOVE);
	must(second != MAP_FAILED, "mremap: %s", strerror(errno));
	expect_bytes(second, self->story.buffer.serial, 0, BY_OWNER, "bytes of the second mapping");
	write_page(second, self->story.buffer.serial, 0, BY_OTHER);
	expect_bytes(shared, self->story.buffer.serial, 0, BY_OTHER, "bytes of the first mapping");
	expect(page_at(0, shared).pfn == page_at(0, second).pfn,
	       "the two mappings have different pages");
	unmap_memory(second, 2 * size);
	unmap_memory(shared, 2 * size);
}

SCENARIO(mappings, remap_beside,
	 "mremap() to the place right behind the memory, and to the one right before it")
{
	const size_t size = 2 * features.page_size;

	fill(self, FIRST);
	set_rule(RULE_REMAPPED);
	move_memory(page_of(self, FIRST + 4), size, page_of(self, FIRST + 6));
	expect_pages(self, FIRST + 6, 4, 2);
	move_memory(page_of(self, FIRST), size, page_of(self, FIRST - 2));
	expect_pages(self, FIRST - 2, 0, 2);
	expect_pages(self, FIRST + 2, 2, 2);
}

SCENARIO(mappings, remap_locked,
	 "locked memory that mremap() grows elsewhere is filled to its end")
{
	const size_t size = features.page_size;
	unsigned char *moved;
	size_t i;

	map_pages(self, FIRST, 2);
	set_rule(RULE_LOCKED_AS_MEMORY);
	expect_result("mlock", errno_of(mlock(page_of(self, FIRST), 2 * size)), 0);
	moved = mremap(page_of(self, FIRST), 2 * size, 4 * size, MREMAP_MAYMOVE);
	must(moved != MAP_FAILED && moved != page_of(self, FIRST), "mremap: %s", strerror(errno));
	for (i = 0; i < 4; i++)
		expect(in_memory(page_at(0, moved + i * size).at), "page %zu is a hole", i);
	unmap_memory(moved, 4 * size);
}

SCENARIO(mappings, remap_watched_first,
	 "mremap() of two mappings, of which userfaultfd watches the first, fails with EFAULT and "
	 "moves none")
{
	const struct wrong call = { .from = FIRST, .old_pages = 4, .new_pages = 4,
				    .flags = MREMAP_MAYMOVE | MREMAP_FIXED, .to = TARGET };

	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	fill(self, FIRST);
	self->monitor = monitor_open(page_of(self, FIRST), 2 * features.page_size, 0);
	set_rule(RULE_REMAPPED);
	expect_result("mremap", remap(self, &call), -EFAULT);
	expect_pages(self, FIRST, 0, PAGES);
}

static int mapping_count(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	int count = 0, byte;

	while (maps && (byte = fgetc(maps)) != EOF)
		count += byte == '\n';
	if (!maps)
		syscall_failed("/proc/self/maps", errno);
	fclose(maps);
	/* [vsyscall], which is not of the process. */
	return count - (read_counter("/proc/self/maps", "ffffffffff600000-ffffffffff601000") >= 0);
}

/* __check_map_count_against_split(): two for the target, two for the move. */
SCENARIO(mappings, remap_at_limit,
	 "mremap() of the middle of a mapping needs room for four more mappings")
{
	const struct wrong call = { .from = FIRST + 1, .old_pages = 2, .new_pages = 2,
				    .flags = MREMAP_MAYMOVE | MREMAP_FIXED, .to = TARGET };

	fill(self, FIRST);
	set_rule(RULE_REMAPPED);
	change_setting(MAX_MAPPINGS, mapping_count() + 3);
	expect_result("mremap with room for three", remap(self, &call), -ENOMEM);
	expect_pages(self, FIRST, 0, PAGES);
	change_setting(MAX_MAPPINGS, mapping_count() + 4);
	expect_result("mremap with room for four", remap(self, &call), 0);
	expect_pages(self, TARGET, 1, 2);
}

/* vma_expand(): the reverse map of a mapping without pages has to learn of those that come. */
SCENARIO(mappings, remap_joins,
	 "pages that come to a mapping without pages, which they join, can be migrated")
{
	const size_t size = 2 * features.page_size;
	struct story *s = &self->story;
	size_t i;

	fill(self, FIRST);
	unmap_memory(page_of(self, FIRST), 4 * features.page_size);
	move_memory(page_of(self, FIRST + 4), size, page_of(self, TARGET + 2));
	map_pages(self, FIRST + 6, 2);
	if (s->read_only)
		protect_memory(page_of(self, TARGET + 2), size, PROT_READ | PROT_WRITE);
	move_memory(page_of(self, TARGET + 2), size, page_of(self, FIRST + 4));
	expect_mappings(self, kernel_has(CHANGE_UNTOUCHED_JOINS) ? "6-10" : "6-8 8-10");
	if (story_on_device(s))
		device_move_back(&s->device, page_of(self, FIRST + 4), 2);
	else
		device_move_to(&s->device, page_of(self, FIRST + 4), 2);
	set_rule(story_on_device(s) ? RULE_BACK : RULE_ENTRY);
	for (i = 0; i < 2; i++) {
		const enum place at = page_at(0, page_of(self, FIRST + 4 + i)).at;

		must(story_on_device(s) ? in_memory(at) : at == PLACE_COHERENT,
		     "page %zu is %s after the migration", i, place_name(at));
		expect_bytes(page_of(self, FIRST + 4 + i), s->buffer.serial, 4 + i, BY_OWNER,
			     "bytes of a migrated page");
	}
}

/* In the child, which has the mapping of the parent's ring and no context of its own. */
static long move_ring(const struct buffer *buffer, long at)
{
	void *there = mmap(NULL, features.page_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			   0);

	(void)buffer;
	return mremap((void *)at, features.page_size, features.page_size,
		      MREMAP_MAYMOVE | MREMAP_FIXED, there) == MAP_FAILED ? -errno : 0;
}

/* aio_ring_mremap(); a child of later kernels does not have the mapping, either. */
SCENARIO(mappings, remap_of_aio,
	 "mremap() of the ring of AIO is refused for a child of fork(), which has no such ring, "
	 "and works for the parent")
{
	struct story *s = &self->story;
	aio_context_t context = 0;
	long result;

	if (syscall(SYS_io_setup, 1, &context))
		syscall_failed("io_setup", errno);
	child_fork(&s->child);
	set_rule(RULE_REMAPPED);
	result = child_call(&s->child, &s->buffer, move_ring, context);
	expect(result == -EINVAL || result == -EFAULT, "mremap() by the child returns %ld",
	       result);
	child_leave(&s->child);
	context = (uintptr_t)mremap((void *)context, features.page_size, features.page_size,
				    MREMAP_MAYMOVE | MREMAP_FIXED, page_of(self, 0));
	expect_result("io_destroy() of the ring that was moved",
		      errno_of(syscall(SYS_io_destroy, context)), 0);
	map_pages(self, 0, 1);
}

/* The offset of the mapping at page @page of the area, as /proc/self/maps has it. */
static unsigned long offset_of(FIXTURE_DATA(mappings) (*self), size_t page)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long begin, offset = 1, found = 1;
	char line[512];

	while (maps && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%*x %*s %lx", &begin, &offset) == 2 &&
		    begin == (uintptr_t)page_of(self, page))
			found = offset;
	if (maps)
		fclose(maps);
	return found;
}

/* copy_vma(): such a mapping is anonymous memory, although it has a file. */
SCENARIO(mappings, remap_of_zero_device,
	 "private memory of /dev/zero that was not touched has, where mremap() moves it, the "
	 "offset of its new address, and reads as zeros")
{
	const size_t size = features.page_size;
	int zero = open("/dev/zero", O_RDWR | O_CLOEXEC);

	if (zero < 0 || mmap(page_of(self, FIRST), size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_FIXED, zero, 0) == MAP_FAILED)
		syscall_failed("mmap of /dev/zero", errno);
	close(zero);
	move_memory(page_of(self, FIRST), size, page_of(self, TARGET));
	set_rule(RULE_MAPPINGS_JOIN);
	expect_result("the offset in /proc/self/maps", offset_of(self, TARGET),
		      (uintptr_t)page_of(self, TARGET));
	expect_zeros(page_of(self, TARGET), "the moved memory");
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_remapped", argc, argv);
}
