// SPDX-License-Identifier: GPL-2.0
/*
 * O_DIRECT over pages on a coherent device: the block layer's DMA reaches them
 * where they are
 *
 * The transfer takes short-term references (FOLL_GET up to 6.1, FOLL_PIN
 * later), so the pages stay on their device, and what arrives has to be whole
 * and in the right page, however the vector is cut. Bytes are checked on the
 * medium through the page cache and through ordinary memory.
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

static long or_errno(long result)
{
	return result < 0 ? -errno : result;
}

/* What read(2) must do in this variant: all of it, or, into a read-only mapping, nothing. */
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
	 "read(2) fills the pages where they are; into a read-only mapping it is EFAULT and "
	 "changes nothing")
{
	struct story *s = &self->story;

	expect_read(s, or_errno(pread(s->medium.fd, s->buffer.addr, s->buffer.size, 0)));
}

SCENARIO(direct_io, write_whole,
	 "write(2) takes the bytes from the pages where they are, mapped R/W or R/O")
{
	struct story *s = &self->story;

	expect_written(s, or_errno(pwrite(s->medium.fd, s->buffer.addr, s->buffer.size, 0)));
}

/*
 * An iovec a page, each twice as far from the last as the one before: nothing
 * can be merged, nothing is in order.
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
	 "a vector in another order than the pages: each page gets the bytes that the vector says")
{
	struct story *s = &self->story;
	struct iovec iov[PAGES];
	size_t from[PAGES], i;

	pages_out_of_order(s, iov, from);
	/* Page number from[i] of the medium's content is put where the i-th iovec will read it. */
	for (i = 0; i < PAGES; i++)
		write_page((char *)s->medium.bounce + i * features.page_size, s->buffer.serial,
			   from[i], BY_MEDIUM);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("preparation", pwrite(s->medium.fd, s->medium.bounce, s->buffer.size, 0),
		      s->buffer.size);
	set_rule(s->read_only ? RULE_WRITE_NEEDS_PERMISSION : RULE_BYTES_ARRIVE);
	expect_result("preadv", or_errno(preadv(s->medium.fd, iov, PAGES, 0)),
		      s->read_only ? -EFAULT : (long)s->buffer.size);
	for (i = 0; i < PAGES; i++)
		expect_owner_sees(s, i, s->read_only ? BY_OWNER : BY_MEDIUM);
	set_rule(RULE_SHORT_PIN_STAYS);
	for (i = 0; i < PAGES; i++)
		expect_stays(s, i);
}

/* Pieces as small as the medium allows, whose ends are in the middle of pages. */
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
	 "a vector cut in the middle of pages: every byte arrives once, in its place")
{
	struct story *s = &self->story;
	struct iovec iov[4];
	size_t count = odd_pieces(s, iov);

	expect_read(s, or_errno(preadv(s->medium.fd, iov, count, 0)));
}

SCENARIO(direct_io, write_odd_pieces,
	 "a vector cut in the middle of pages: every byte is written once, in its place")
{
	struct story *s = &self->story;
	struct iovec iov[4];
	size_t count = odd_pieces(s, iov);

	expect_written(s, or_errno(pwritev(s->medium.fd, iov, count, 0)));
}

SCENARIO(direct_io, read_half_placed, "a buffer half on the device, half in memory is read as one")
{
	struct story *s = &self->story;

	device_move_back(&s->device, buffer_page(&s->buffer, 2), 2);
	set_rule(story_on_device(s) ? RULE_BACK : RULE_NOTHING_ELSE_CHANGES);
	expect_at(s, 1, s->place);
	expect_at(s, 2, PLACE_SYSTEM);
	story_remember_frames(s);
	set_rule(s->read_only ? RULE_WRITE_NEEDS_PERMISSION : RULE_BYTES_ARRIVE);
	expect_result("read from the medium",
		      or_errno(pread(s->medium.fd, s->buffer.addr, s->buffer.size, 0)),
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
 * Nobody finishes an asynchronous transfer by other means: what the block layer
 * could not put into one piece is missing at its end.
 */
SCENARIO(direct_io, async_half_placed,
	 "an asynchronous read into a buffer half on the device, half in memory reads all of it, "
	 "like one into memory")
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
	expect_result("bytes read", result, s->buffer.size);
	for (i = 0; i < PAGES && (long)((i + 1) * features.page_size) <= result; i++)
		expect_owner_sees(s, i, BY_MEDIUM);
	set_rule(RULE_SHORT_PIN_STAYS);
	expect_stays(s, 1);
	expect_same_frame(s, 2);
}

SCENARIO(direct_io, read_into_shared,
	 "read(2) into shared pages: the reader gets copies in memory, the child keeps pages and "
	 "bytes")
{
	struct story *s = &self->story;
	size_t i;

	child_fork(&s->child);
	story_make_writable(s);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("read from the medium",
		      or_errno(pread(s->medium.fd, s->buffer.addr, s->buffer.size, 0)),
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
 * Where O_DIRECT takes FOLL_PIN references, reading a shared page for the
 * medium gives the process a page of its own first.
 */
SCENARIO(direct_io, write_from_shared,
	 "write(2) from shared pages: the right bytes, and the child undisturbed, whatever "
	 "reference is taken")
{
	struct story *s = &self->story;
	size_t i;

	child_fork(&s->child);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("write to the medium",
		      or_errno(pwrite(s->medium.fd, s->buffer.addr, s->buffer.size, 0)),
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
