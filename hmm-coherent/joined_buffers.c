// SPDX-License-Identifier: GPL-2.0
/*
 * Registered buffers and O_DIRECT with special page layouts: parts of a huge
 * page at unaligned addresses, in another order, several times, of two files
 *
 * The kernel coalesces consecutive pages of a folio
 * (io_check_coalesce_buffer(), bio_add_page()). The transferred bytes must
 * always be those of the addresses (S7), and each page must be released. In the
 * variant "device" some of the pages are on a coherent device, so that
 * registration moves them and they cannot be coalesced.
 */
#include "suite/harness.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "story/huge.h"
#include "story/registered.h"

/* Pages [MOVED, MOVED + MOVED_PAGES) are on the device in the variant "device". */
#define MOVED 8
#define MOVED_PAGES 2
/* The buffer begins at page FIRST, and has as many pages as the medium. */
#define FIRST 5
#define PAGES BUFFER_PAGES_MAX

FIXTURE(joined_buffers)
{
	struct huge huge;
	unsigned char *room;	/* address space for two huge ranges */
};

FIXTURE_VARIANT(joined_buffers)
{
	bool as_huge, on_device;
};

FIXTURE_VARIANT_ADD(joined_buffers, device) { .as_huge = true, .on_device = true };
FIXTURE_VARIANT_ADD(joined_buffers, huge) { .as_huge = true };
FIXTURE_VARIANT_ADD(joined_buffers, small) { .as_huge = false };

FIXTURE_SETUP(joined_buffers)
{
	struct huge *h = &self->huge;

	huge_begin(h, false);
	story_medium(&h->story, ON_FILE);
	story_ring(&h->story);
	self->room = map_memory(2 * h->size, PROT_NONE);
	huge_fill(h, h->addr, variant->as_huge);
	if (variant->on_device) {
		huge_move_to_device(h, MOVED, MOVED_PAGES);
		set_rule(RULE_HUGE_IS_SPLIT);
		expect_huge_on_device(h, MOVED, MOVED_PAGES);
		if (report->failures)
			give_up();
	}
}

FIXTURE_TEARDOWN(joined_buffers)
{
	unmap_memory(self->room, 2 * self->huge.size);
	huge_end(&self->huge);
}

/*
 * Check that page @page of the medium has the bytes that the owner wrote to
 * page @source of the range.
 */
static void expect_on_medium(struct story *s, size_t page, size_t source)
{
	medium_look(&s->medium, s->buffer.serial, page, BY_OWNER, BY_OWNER);
	expect_bytes(s->medium.bounce, s->buffer.serial, source, BY_OWNER,
		     "bytes that are on the medium");
}

/*
 * Register the @count pages at @addr, which were pages @source[] of the range,
 * write them to the medium and read them back. If the kernel had registered
 * other pages, a read would overwrite those, so it is only done if the write
 * was right.
 */
static void expect_transfers(FIXTURE_DATA(joined_buffers) (*self), unsigned char *addr,
			     const size_t *source, size_t count)
{
	const size_t size = count * features.page_size;
	struct story *s = &self->huge.story;
	size_t i;

	set_rule(RULE_BYTES_ARRIVE);
	expect_result("registration", ring_register(&s->ring, addr, size), 0);
	expect_result("WRITE_FIXED",
		      ring_transfer(&s->ring, RING_WRITE_FIXED, s->medium.fd, addr, size), size);
	for (i = 0; i < count; i++)
		expect_on_medium(s, i, source[i]);
	if (report->failures)
		give_up();
	medium_write(&s->medium, s->buffer.serial, count, BY_MEDIUM);
	expect_result("READ_FIXED",
		      ring_transfer(&s->ring, RING_READ_FIXED, s->medium.fd, addr, size), size);
	for (i = 0; i < count; i++)
		expect_bytes(page_in(addr, i), s->buffer.serial, i, BY_MEDIUM,
			     "bytes that the owner sees");
	expect_result("unregistration", ring_unregister(&s->ring), 0);
}

/* Check that no other page of the range at @range has changed. */
static void expect_rest(FIXTURE_DATA(joined_buffers) (*self), unsigned char *range, size_t first,
			size_t count)
{
	struct huge *h = &self->huge;
	size_t i, changed = 0;

	for (i = 0; i < h->pages; i++)
		if (i < first || i >= first + count)
			changed += read_page(page_in(range, i), h->story.buffer.serial, i,
					     BY_OWNER, BY_OTHER) != DATA_OLD;
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("other pages that changed", changed, 0);
}

SCENARIO(joined_buffers, odd_address,
	 "transfers of a registered buffer use the right pages if the huge page is not mapped at a "
	 "multiple of its size")
{
	static const size_t source[PAGES] = { FIRST, 6, 7, 8, 9, 10, 11, 12 };
	struct huge *h = &self->huge;
	/* Two pages before a multiple, so that offsets in the folio and in the address differ. */
	unsigned char *odd = (unsigned char *)(((uintptr_t)self->room + h->size - 1) &
					       ~(h->size - 1)) -
			     2 * features.page_size;

	if (odd < self->room)
		odd += h->size;
	move_memory(h->addr, h->size, odd);
	expect_transfers(self, page_in(odd, FIRST), source, PAGES);
	expect_rest(self, odd, FIRST, PAGES);
}

SCENARIO(joined_buffers, other_order,
	 "transfers of a registered buffer use the right pages if the pages of a folio are mapped "
	 "in another order")
{
	static const size_t source[] = { FIRST, 1, MOVED, 2, 3, 9 };
	struct huge *h = &self->huge;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(source); i++)
		move_memory(page_in(h->addr, source[i]), features.page_size,
			    page_in(self->room, i));
	expect_transfers(self, self->room, source, ARRAY_SIZE(source));
}

/*
 * The transfer begins in the middle of the first segment and ends at the end of
 * the buffer.
 */
/* io_check_coalesce_buffer(): only the last page of a folio may be followed by another folio. */
SCENARIO(joined_buffers, begins_of_two,
	 "transfers of a registered buffer that has the first pages of one huge page and of "
	 "another one use these pages, and no other page of the first")
{
	const size_t source[] = { 0, 1, 2, 0, 1 };
	struct huge *h = &self->huge;

	huge_fill(h, h->control, variant->as_huge);
	move_memory(h->addr, 3 * features.page_size, self->room);
	move_memory(h->control, 2 * features.page_size, page_in(self->room, 3));
	expect_transfers(self, self->room, source, ARRAY_SIZE(source));
	expect_rest(self, h->addr, 0, 3);
	expect_rest(self, h->control, 0, 2);
}

SCENARIO(joined_buffers, from_the_middle,
	 "a transfer can begin inside the first page of a registered buffer and must end at its "
	 "end")
{
	struct huge *h = &self->huge;
	struct story *s = &h->story;
	const size_t skipped = s->medium.align;
	const size_t size = PAGES * features.page_size - skipped;
	unsigned char *addr = page_in(h->addr, FIRST);

	set_rule(RULE_BYTES_ARRIVE);
	expect_result("registration",
		      ring_register(&s->ring, addr, PAGES * features.page_size), 0);
	expect_result("WRITE_FIXED from the middle",
		      ring_transfer(&s->ring, RING_WRITE_FIXED, s->medium.fd, addr + skipped,
				    size),
		      size);
	expect_result("a read of the medium", pread(s->medium.buffered, s->medium.bounce, size, 0),
		      size);
	expect(!memcmp(s->medium.bounce, addr + skipped, size),
	       "the medium has other bytes than the buffer from byte %zu on", skipped);
	expect_result("a transfer beyond the end",
		      ring_transfer(&s->ring, RING_WRITE_FIXED, s->medium.fd, addr + skipped,
				    size + s->medium.align),
		      -EFAULT);
	expect_result("a transfer from before the beginning",
		      ring_transfer(&s->ring, RING_WRITE_FIXED, s->medium.fd,
				    addr - s->medium.align, size),
		      -EFAULT);
	expect_result("unregistration", ring_unregister(&s->ring), 0);
	expect_rest(self, h->addr, 0, 0);
}

/* Map a page of a new memfd at @addr, in the pattern of BY_OWNER for page @page. */
static int map_shared(FIXTURE_DATA(joined_buffers) (*self), unsigned char *addr, size_t page)
{
	int fd = memfd_create("hmm-coherent", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, features.page_size))
		syscall_failed("memfd", errno);
	if (mmap(addr, features.page_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
		 0) != addr)
		syscall_failed("mmap", errno);
	write_page(addr, self->huge.story.buffer.serial, page, BY_OWNER);
	return fd;
}

SCENARIO(joined_buffers, two_sources,
	 "registration of a buffer of memory and shared memory of two files fails up to 6.4; later "
	 "its transfers use the pages of all")
{
	struct huge *h = &self->huge;
	struct story *s = &h->story;
	const bool mixed = kernel_has(CHANGE_MIXED_SOURCES);
	unsigned char *at = self->room;
	int fds[2];
	size_t i;

	move_memory(page_in(h->addr, MOVED), features.page_size, at);
	fds[0] = map_shared(self, page_in(at, 1), 1);
	fds[1] = map_shared(self, page_in(at, 2), 2);
	set_rule(RULE_SOURCES_OF_BUFFER);
	expect_result("registration of two files",
		      ring_register(&s->ring, page_in(at, 1), 2 * features.page_size),
		      mixed ? 0 : -EINVAL);
	expect_result("unregistration", ring_unregister(&s->ring), 0);
	expect_result("registration of memory and two files",
		      ring_register(&s->ring, at, 3 * features.page_size), mixed ? 0 : -EINVAL);
	if (s->ring.registered) {
		expect_result("WRITE_FIXED",
			      ring_transfer(&s->ring, RING_WRITE_FIXED, s->medium.fd, at,
					    3 * features.page_size),
			      3 * features.page_size);
		expect_on_medium(s, 0, MOVED);
		expect_on_medium(s, 1, 1);
		expect_on_medium(s, 2, 2);
	}
	expect_result("unregistration", ring_unregister(&s->ring), 0);
	for (i = 0; i < 2; i++) {
		close(fds[i]);
		expect_bytes(page_in(at, i + 1), s->buffer.serial, i + 1, BY_OWNER,
			     "the shared page");
	}
	expect_bytes(at, s->buffer.serial, MOVED, BY_OWNER, "the page of memory");
}

SCENARIO(joined_buffers, same_page_thrice,
	 "a registered buffer may contain the same page three times")
{
	struct story *s = &self->huge.story;
	int fd = map_shared(self, self->room, 0);
	size_t i;

	for (i = 1; i < 3; i++)
		if (mmap(page_in(self->room, i), features.page_size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
			syscall_failed("mmap", errno);
	close(fd);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("registration",
		      ring_register(&s->ring, self->room, 3 * features.page_size), 0);
	expect_result("WRITE_FIXED",
		      ring_transfer(&s->ring, RING_WRITE_FIXED, s->medium.fd, self->room,
				    3 * features.page_size),
		      3 * features.page_size);
	for (i = 0; i < 3; i++)
		expect_on_medium(s, i, 0);
	expect_result("unregistration", ring_unregister(&s->ring), 0);
}

/* Read a page of the medium with O_DIRECT to @addr, and check its bytes. */
static void read_to(struct story *s, unsigned char *addr)
{
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("O_DIRECT read",
		      errno_of(pread(s->medium.fd, addr, features.page_size, 0)),
		      features.page_size);
	medium_look(&s->medium, s->buffer.serial, 0, BY_MEDIUM, BY_MEDIUM);
	expect(!memcmp(addr, s->medium.bounce, features.page_size),
	       "the bytes of the medium are not at the address of the read");
}

SCENARIO(joined_buffers, unaligned_read,
	 "an O_DIRECT read to the middle of a page releases both pages that it fills: they can be "
	 "migrated afterwards")
{
	struct huge *h = &self->huge;
	const size_t skipped = h->story.medium.align;

	if (skipped >= features.page_size)
		not_prepared("the filesystem allows only O_DIRECT transfers of whole pages");
	read_to(&h->story, page_in(h->addr, 3) + skipped);
	read_to(&h->story, page_in(h->addr, MOVED) + skipped);
	allow_second_chunk();
	huge_move_to_device(h, 0, h->pages);
	set_rule(RULE_PIN_ENDS_WITH_HOLDER);
	expect_result("number of pages on the device", pages_at(h->addr, h->pages, PLACE_COHERENT),
		      h->pages);
	expect(!memcmp(page_in(h->addr, MOVED) + skipped, h->story.medium.bounce,
		       features.page_size),
	       "the page on the device does not have the bytes of the medium");
}

/* How many pages of @range still have their bytes. */
static size_t kept(struct huge *h, unsigned char *range)
{
	size_t i, count = 0;

	for (i = 0; i < h->pages; i++)
		count += read_page(page_in(range, i), h->story.buffer.serial, i, BY_OWNER,
				   BY_OTHER) == DATA_OLD;
	return count;
}

/* Make the pages clean and lazily freed, so that reclaim drops them. */
static void free_lazily(struct huge *h, unsigned char *range)
{
	if (madvise(range, h->size, MADV_FREE))
		syscall_failed("MADV_FREE", errno);
}

static void reclaim(struct huge *h, unsigned char *range)
{
	drain_lru_batches();
	if (madvise(range, h->size, MADV_PAGEOUT))
		syscall_failed("MADV_PAGEOUT", errno);
}

SCENARIO(joined_buffers, read_to_clean,
	 "reclaim keeps bytes that O_DIRECT read to clean memory, as if the CPU had written them")
{
	struct huge *h = &self->huge;
	struct story *s = &h->story;
	size_t i;

	huge_fill(h, h->control, variant->as_huge);
	medium_write(&s->medium, s->buffer.serial, PAGES, BY_MEDIUM);
	free_lazily(h, h->addr);
	free_lazily(h, h->control);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("O_DIRECT read",
		      errno_of(pread(s->medium.fd, page_in(h->addr, FIRST),
				     PAGES * features.page_size, 0)),
		      PAGES * features.page_size);
	reclaim(h, h->control);
	reclaim(h, h->addr);
	if (kept(h, h->control) > h->pages / 2)
		not_prepared("MADV_PAGEOUT did not reclaim memory after MADV_FREE");
	set_rule(RULE_DIRTY_OUTLIVES);
	for (i = 0; i < PAGES; i++)
		expect_bytes(page_in(h->addr, FIRST + i), s->buffer.serial, i, BY_MEDIUM,
			     "bytes after reclaim");
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_joined_buffers", argc, argv);
}
