// SPDX-License-Identifier: GPL-2.0
/*
 * O_DIRECT with pages on a coherent device: DMA of the block layer accesses
 * them in place
 *
 * The transfer takes short-term references (FOLL_GET up to 6.4, FOLL_PIN since
 * 6.5), so the pages stay on their device. All bytes must arrive in the right
 * page, for each division of the vector. The bytes on the medium are checked by
 * direct reads into ordinary memory and through the page cache.
 */
#include "suite/harness.h"

#include <sys/mman.h>
#include <sys/uio.h>

#include "kernel/kernel.h"
#include "reach/transfer.h"
#include "story/story.h"

#define PAGES 4

FIXTURE(direct_io)
{
	struct story story;
};

FIXTURE_VARIANT(direct_io)
{
	enum place place;
	bool read_only;
	enum medium_kind medium;
};

FIXTURE_VARIANT_ADD(direct_io, coherent_rw_file)
{
	.place = PLACE_COHERENT, .medium = ON_FILE,
};

FIXTURE_VARIANT_ADD(direct_io, coherent_ro_file)
{
	.place = PLACE_COHERENT, .read_only = true, .medium = ON_FILE,
};

FIXTURE_VARIANT_ADD(direct_io, coherent_rw_raw)
{
	.place = PLACE_COHERENT, .medium = ON_RAW,
};

FIXTURE_VARIANT_ADD(direct_io, coherent_ro_raw)
{
	.place = PLACE_COHERENT, .read_only = true, .medium = ON_RAW,
};

FIXTURE_VARIANT_ADD(direct_io, system_rw_file)
{
	.place = PLACE_SYSTEM, .medium = ON_FILE,
};

FIXTURE_VARIANT_ADD(direct_io, system_ro_file)
{
	.place = PLACE_SYSTEM, .read_only = true, .medium = ON_FILE,
};

FIXTURE_VARIANT_ADD(direct_io, system_rw_raw)
{
	.place = PLACE_SYSTEM, .medium = ON_RAW,
};

FIXTURE_VARIANT_ADD(direct_io, system_ro_raw)
{
	.place = PLACE_SYSTEM, .read_only = true, .medium = ON_RAW,
};

FIXTURE_SETUP(direct_io)
{
	story_begin(&self->story, variant->place, variant->read_only, PAGES);
	story_medium(&self->story, variant->medium);
}

FIXTURE_TEARDOWN(direct_io)
{
	story_end(&self->story);
}

/* Check a read of the whole buffer: it transfers all bytes, or none to a read-only mapping. */
static void expect_read(struct story *s, long result)
{
	size_t i;

	set_rule(s->read_only ? RULE_WRITE_NEEDS_PERMISSION : RULE_BYTES_ARRIVE);
	expect_result("read from the medium", result,
		      s->read_only ? -EFAULT : (long)s->buffer.size);
	for (i = 0; i < PAGES; i++)
		expect_owner_sees(s, i, s->read_only ? BY_OWNER : BY_MEDIUM);
	set_rule(RULE_SHORT_PIN_STAYS);
	for (i = 0; i < PAGES; i++)
		expect_stays(s, i);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_mapped(s, 0, s->read_only ? PERM_RO : PERM_RW);
	for (i = 0; i < PAGES; i++)
		expect_medium_has(s, i, BY_MEDIUM);
}

static void expect_written(struct story *s, long result)
{
	size_t i;

	set_rule(RULE_BYTES_ARRIVE);
	expect_result("write to the medium", result, s->buffer.size);
	for (i = 0; i < PAGES; i++)
		expect_medium_has(s, i, BY_OWNER);
	set_rule(RULE_SHORT_PIN_STAYS);
	for (i = 0; i < PAGES; i++)
		expect_stays(s, i);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	for (i = 0; i < PAGES; i++)
		expect_owner_sees(s, i, BY_OWNER);
}

SCENARIO(direct_io, read_whole,
	 "read(2) fills the pages in place; into a read-only mapping it returns EFAULT and changes "
	 "nothing")
{
	struct story *s = &self->story;

	expect_read(s, errno_of(pread(s->medium.fd, s->buffer.addr, s->buffer.size, 0)));
}

SCENARIO(direct_io, write_whole,
	 "write(2) transfers the bytes of the pages in place, mapped R/W or R/O")
{
	struct story *s = &self->story;

	expect_written(s, errno_of(pwrite(s->medium.fd, s->buffer.addr, s->buffer.size, 0)));
}

/*
 * One iovec for each page, in an order in which no two adjacent ones are
 * consecutive pages, so that none can be merged.
 */
static void pages_out_of_order(struct story *s, struct iovec *iov, size_t *offsets)
{
	static const size_t order[PAGES] = { 2, 0, 3, 1 };
	size_t i;

	for (i = 0; i < PAGES; i++) {
		iov[i] = (struct iovec){ buffer_page(&s->buffer, order[i]), features.page_size };
		offsets[i] = order[i];
	}
}

SCENARIO(direct_io, read_out_of_order,
	 "with a vector in another order than the pages, each page gets the bytes of its iovec")
{
	struct story *s = &self->story;
	struct iovec iov[PAGES];
	size_t from[PAGES], i;

	pages_out_of_order(s, iov, from);
	/* Write the bytes for page from[i] to the place that the i-th iovec reads. */
	for (i = 0; i < PAGES; i++)
		write_page((char *)s->medium.bounce + i * features.page_size, s->buffer.serial,
			   from[i], BY_MEDIUM);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("preparation", pwrite(s->medium.fd, s->medium.bounce, s->buffer.size, 0),
		      s->buffer.size);
	set_rule(s->read_only ? RULE_WRITE_NEEDS_PERMISSION : RULE_BYTES_ARRIVE);
	expect_result("preadv", errno_of(preadv(s->medium.fd, iov, PAGES, 0)),
		      s->read_only ? -EFAULT : (long)s->buffer.size);
	for (i = 0; i < PAGES; i++)
		expect_owner_sees(s, i, s->read_only ? BY_OWNER : BY_MEDIUM);
	set_rule(RULE_SHORT_PIN_STAYS);
	for (i = 0; i < PAGES; i++)
		expect_stays(s, i);
}

/* Pieces that end in the middle of pages; the smallest has the size of the medium's alignment. */
static size_t odd_pieces(struct story *s, struct iovec *iov)
{
	const size_t unit = s->medium.align < features.page_size ? s->medium.align :
								   features.page_size;
	const size_t lengths[] = { unit, s->buffer.size / 2, 2 * unit, s->buffer.size };
	size_t i, at = 0;

	for (i = 0; i < 4 && at < s->buffer.size; i++) {
		size_t length = lengths[i] < s->buffer.size - at ? lengths[i] : s->buffer.size - at;

		iov[i] = (struct iovec){ s->buffer.addr + at, length };
		at += length;
	}
	return i;
}

SCENARIO(direct_io, read_odd_pieces,
	 "with a vector that is divided in the middle of pages, each byte is read to its place")
{
	struct story *s = &self->story;
	struct iovec iov[4];
	size_t count = odd_pieces(s, iov);

	expect_read(s, errno_of(preadv(s->medium.fd, iov, count, 0)));
}

SCENARIO(direct_io, write_odd_pieces,
	 "with a vector that is divided in the middle of pages, each byte is written to its place")
{
	struct story *s = &self->story;
	struct iovec iov[4];
	size_t count = odd_pieces(s, iov);

	expect_written(s, errno_of(pwritev(s->medium.fd, iov, count, 0)));
}

SCENARIO(direct_io, read_half_placed,
	 "a read fills a buffer of which one half is on the device and the other in memory")
{
	struct story *s = &self->story;

	device_move_back(&s->device, buffer_page(&s->buffer, 2), 2);
	set_rule(story_on_device(s) ? RULE_BACK : RULE_NOTHING_ELSE_CHANGES);
	expect_at(s, 1, s->place);
	expect_at(s, 2, PLACE_SYSTEM);
	story_remember_frames(s);
	set_rule(s->read_only ? RULE_WRITE_NEEDS_PERMISSION : RULE_BYTES_ARRIVE);
	expect_result("read from the medium",
		      errno_of(pread(s->medium.fd, s->buffer.addr, s->buffer.size, 0)),
		      s->read_only ? -EFAULT : (long)s->buffer.size);
	expect_owner_sees(s, 0, s->read_only ? BY_OWNER : BY_MEDIUM);
	expect_owner_sees(s, 1, s->read_only ? BY_OWNER : BY_MEDIUM);
	expect_owner_sees(s, 2, s->read_only ? BY_OWNER : BY_MEDIUM);
	expect_owner_sees(s, 3, s->read_only ? BY_OWNER : BY_MEDIUM);
	set_rule(RULE_SHORT_PIN_STAYS);
	expect_stays(s, 1);
	expect_same_frame(s, 2);
}

/*
 * An asynchronous transfer is not continued after a short one: if the block
 * layer cannot put all pages into one bio, the end is missing.
 */
SCENARIO(direct_io, async_half_placed,
	 "an asynchronous read fills all of a buffer of which one half is on the device and the "
	 "other in memory")
{
	struct story *s = &self->story;
	struct transfer transfer;
	long result;
	size_t i;

	story_make_writable(s);
	device_move_back(&s->device, buffer_page(&s->buffer, 2), 2);
	set_rule(story_on_device(s) ? RULE_BACK : RULE_NOTHING_ELSE_CHANGES);
	expect_at(s, 1, s->place);
	expect_at(s, 2, PLACE_SYSTEM);
	story_remember_frames(s);
	transfer_start_read(&transfer, s->medium.fd, s->buffer.addr, s->buffer.size);
	result = transfer_finish(&transfer);
	set_rule(RULE_BYTES_ARRIVE);
	expect_byte_count("bytes read", result, s->buffer.size);
	for (i = 0; i < PAGES && (long)((i + 1) * features.page_size) <= result; i++)
		expect_owner_sees(s, i, BY_MEDIUM);
	set_rule(RULE_SHORT_PIN_STAYS);
	expect_stays(s, 1);
	expect_same_frame(s, 2);
}

SCENARIO(direct_io, read_into_shared,
	 "read(2) into shared pages gives the reader copies in memory; the child keeps the pages "
	 "and their bytes")
{
	struct story *s = &self->story;
	size_t i;

	child_fork(&s->child);
	story_make_writable(s);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("read from the medium",
		      errno_of(pread(s->medium.fd, s->buffer.addr, s->buffer.size, 0)),
		      s->buffer.size);
	for (i = 0; i < PAGES; i++) {
		set_rule(RULE_SHARED_IS_COPIED);
		expect_copied(s, i);
		expect_owner_sees(s, i, BY_MEDIUM);
		set_rule(RULE_NO_LEAK);
		expect_child_keeps_frame(s, &s->child, i);
		expect_child_sees(s, &s->child, i, BY_OWNER);
	}
}

/*
 * If O_DIRECT takes FOLL_PIN references, a write from a shared page first gives
 * the process an exclusive copy.
 */
SCENARIO(direct_io, write_from_shared,
	 "write(2) from shared pages transfers the right bytes and changes nothing for the child, "
	 "with each kind of reference")
{
	struct story *s = &self->story;
	size_t i;

	child_fork(&s->child);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("write to the medium",
		      errno_of(pwrite(s->medium.fd, s->buffer.addr, s->buffer.size, 0)),
		      s->buffer.size);
	for (i = 0; i < PAGES; i++) {
		set_rule(RULE_BYTES_ARRIVE);
		expect_medium_has(s, i, BY_OWNER);
		if (features.dio_pins) {
			set_rule(RULE_PIN_UNSHARES);
			expect_copied(s, i);
			expect_exclusive(s, i, true);
		} else {
			set_rule(RULE_GET_LEAVES_SHARED);
			expect_stays(s, i);
			expect_exclusive(s, i, false);
		}
		set_rule(RULE_NO_LEAK);
		expect_mapped(s, i, PERM_RO);
		expect_child_keeps_frame(s, &s->child, i);
		expect_child_sees(s, &s->child, i, BY_OWNER);
	}
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_direct_io", argc, argv);
}
