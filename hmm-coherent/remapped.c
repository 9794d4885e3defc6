// SPDX-License-Identifier: GPL-2.0
/* mremap(): what it moves, grows, shrinks and refuses */
#include "mappings.h"

#include <signal.h>
#include <stdint.h>

#include "reach/cpu.h"

#define KEEP SIZE_MAX		/* a field of struct wrong that does not matter */

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
	void *to = call->to == KEEP ? NULL : page_of(self, call->to) + call->to_off;
	void *result = mremap(page_of(self, call->from) + call->from_off, call->old_pages * size,
			      call->new_pages * size, call->flags, to);

	return result == MAP_FAILED ? -errno : 0;
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

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_remapped", argc, argv);
}
