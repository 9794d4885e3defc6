// SPDX-License-Identifier: GPL-2.0
/*
 * O_DIRECT with the blocks of a medium: of 512 bytes and of 4 KiB, on a device
 * and on filesystems
 *
 * The kernel tells which offsets and addresses a direct transfer may have
 * (STATX_DIOALIGN). It must keep to that, wherever the pages are.
 */
#include "suite/harness.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kernel/since.h"
#include "ordinary.h"

#define PAGES 4

FIXTURE(blocks)
{
	struct story story;
	long page, block, memory;	/* bytes: of a page, a block, the alignment of addresses */
};

FIXTURE_VARIANT(blocks)
{
	enum place place;
	bool read_only;
	enum medium_kind medium;
};

#define VARIANTS(on, what) \
	FIXTURE_VARIANT_ADD(blocks, coherent_rw_##on) \
	{ .place = PLACE_COHERENT, .medium = (what) }; \
	FIXTURE_VARIANT_ADD(blocks, coherent_ro_##on) \
	{ .place = PLACE_COHERENT, .read_only = true, .medium = (what) }; \
	FIXTURE_VARIANT_ADD(blocks, private_rw_##on) \
	{ .place = PLACE_PRIVATE, .medium = (what) }; \
	FIXTURE_VARIANT_ADD(blocks, system_rw_##on) \
	{ .place = PLACE_SYSTEM, .medium = (what) }

VARIANTS(file, ON_FILE);
VARIANTS(raw_4k, ON_RAW_4K);
VARIANTS(xfs, ON_XFS);
VARIANTS(btrfs, ON_BTRFS);

WHY_NOT(blocks)
{
	const bool btrfs = variant->medium == ON_BTRFS;

	if (btrfs && (!strcmp(test, "as_told") || !strcmp(test, "across_places")))
		return "btrfs transfers parts of blocks through the page cache";
	if (!btrfs && !strcmp(test, "through_cache"))
		return "this medium transfers whole blocks only";
	if (!strcmp(test, "no_wait_for_several") &&
	    (variant->medium != ON_RAW_4K || variant->read_only ||
	     variant->place == PLACE_PRIVATE))
		return "a filesystem has requests of its own";
	if (!strcmp(test, "in_halves") && variant->medium != ON_RAW_4K)
		return "half a block is less than the alignment of memory";
	return medium_why_not(variant->medium);
}

FIXTURE_SETUP(blocks)
{
	struct story *s = &self->story;

	story_begin(s, variant->place, variant->read_only, PAGES);
	story_medium(s, variant->medium);
	medium_write(&s->medium, s->buffer.serial, BUFFER_PAGES_MAX, BY_MEDIUM);
	self->page = features.page_size;
	self->block = s->medium.align;
	self->memory = s->medium.memory_align < features.page_size ? s->medium.memory_align : 0;
}

FIXTURE_TEARDOWN(blocks)
{
	story_end(&self->story);
}

static void expect_refused(struct story *s, const char *what, long result)
{
	set_rule(RULE_BLOCKS_ARE_WHOLE);
	expect_result(what, result, -EINVAL);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
}

SCENARIO(blocks, as_told,
	 "transfers of whole blocks succeed; half a block, or a block at half of one, is refused "
	 "and changes nothing")
{
	struct story *s = &self->story;
	const long block = self->block, half = block / 2;
	const int fd = s->medium.fd;

	set_rule(RULE_BLOCKS_ARE_WHOLE);
	if (in_guest())
		expect_result("bytes of a block as statx() says", block,
			      variant->medium == ON_RAW_4K ? 4096 : 512);
	expect_refused(s, "a read of half a block", errno_of(pread(fd, s->buffer.addr, half, 0)));
	expect_refused(s, "a read at half a block",
		       errno_of(pread(fd, s->buffer.addr, block, half)));
	expect_refused(s, "a read of a block and a half",
		       errno_of(pread(fd, s->buffer.addr, block + half, 0)));
	expect_refused(s, "a write of half a block",
		       errno_of(pwrite(fd, s->buffer.addr, half, 0)));
	expect_refused(s, "a write at half a block",
		       errno_of(pwrite(fd, s->buffer.addr, block, half)));
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_owner_sees(s, 0, BY_OWNER);
	expect_medium_has(s, 0, BY_MEDIUM);
	set_rule(RULE_BLOCKS_ARE_WHOLE);
	expect_result("a write of a block", errno_of(pwrite(fd, s->buffer.addr, block, block)),
		      block);
	expect_result("a read of a block", errno_of(pread(fd, s->buffer.addr, block, 0)),
		      s->read_only ? -EFAULT : block);
	expect_used(s, 0, 1);
}

/* Make page 1 one of memory, if page 0 is on a device. */
static void move_one_back(struct story *s)
{
	if (!story_on_device(s))
		return;
	device_move_back(&s->device, buffer_page(&s->buffer, 1), 1);
	story_remember_frames(s);
}

SCENARIO(blocks, across_places,
	 "a page of bytes is read and written between the medium and a buffer that begins inside "
	 "of a device page and ends in one of memory")
{
	struct story *s = &self->story;
	const long at = self->memory, size = self->page;
	unsigned char *old = patterns(s, PAGES, BY_OWNER), *on = patterns(s, 2, BY_MEDIUM);
	unsigned char *const addr = s->buffer.addr + at;

	move_one_back(s);
	set_rule(RULE_BLOCKS_ARE_WHOLE);
	expect_result("a write", errno_of(pwrite(s->medium.fd, addr, size, size)), size);
	if (report->failures)
		give_up();
	expect_result("a read", errno_of(pread(s->medium.fd, addr, size, 0)),
		      s->read_only ? -EFAULT : size);
	expect_used(s, 0, 1);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_same_frame(s, 1);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("a read through the page cache",
		      errno_of(pread(s->medium.buffered, s->medium.bounce, 2 * size, 0)),
		      2 * size);
	memcpy(on + size, old + at, size);
	expect_equal(s->medium.bounce, on, 2 * size, "the medium");
	if (!s->read_only)
		memcpy(old + at, on, size);
	expect_equal(s->buffer.addr, old, s->buffer.size, "the buffer");
}

SCENARIO(blocks, in_halves,
	 "a vector of two halves of a block is transferred as a whole since 6.18, and refused "
	 "before; the pages may be in different places")
{
	struct story *s = &self->story;
	const long half = self->block / 2;
	struct iovec iov[2] = { { s->buffer.addr, half },
				{ buffer_page(&s->buffer, 1) + half, half } };
	unsigned char *old = patterns(s, PAGES, BY_OWNER), *new = patterns(s, 1, BY_MEDIUM);
	const bool possible = kernel_has(CHANGE_BLOCK_IN_PARTS);

	move_one_back(s);
	set_rule(RULE_BLOCKS_ARE_WHOLE);
	expect_result("preadv", errno_of(preadv(s->medium.fd, iov, 2, 0)),
		      !possible ? -EINVAL : s->read_only ? -EFAULT : 2 * half);
	if (report->failures)
		give_up();
	if (possible && !s->read_only) {
		memcpy(old, new, half);
		memcpy(old + self->page + half, new + half, half);
		expect_used(s, 0, 1);
	}
	set_rule(RULE_BYTES_ARRIVE);
	expect_equal(s->buffer.addr, old, s->buffer.size, "the buffer");
}

/* Up to 6.17 each page of a registered buffer has to have whole blocks: iov_iter_aligned_bvec() */
SCENARIO(blocks, registered,
	 "a registered buffer leaves the device, and is read and written by the ring, since 6.18 "
	 "also where a page has parts of blocks")
{
	struct story *s = &self->story;
	const long at = self->memory, size = self->page;
	const bool possible = at % self->block == 0 || kernel_has(CHANGE_BLOCK_IN_PARTS);
	unsigned char *old = patterns(s, PAGES, BY_OWNER), *new = patterns(s, 1, BY_MEDIUM);
	unsigned char *const addr = s->buffer.addr + at;

	story_make_writable(s);
	story_ring(s);
	set_rule(RULE_LONGTERM_LEAVES_DEVICE);
	expect_result("registration", ring_register(&s->ring, s->buffer.addr, s->buffer.size), 0);
	expect_at(s, 0, PLACE_SYSTEM);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("bytes read",
		      ring_transfer(&s->ring, RING_READ_FIXED, s->medium.fd, addr, size),
		      possible ? size : -EINVAL);
	if (possible)
		memcpy(old + at, new, size);
	expect_equal(s->buffer.addr, old, s->buffer.size, "the buffer");
	expect_result("bytes written",
		      ring_transfer(&s->ring, RING_WRITE_FIXED, s->medium.fd,
				    buffer_page(&s->buffer, 2), size), size);
	expect_result("a read through the page cache",
		      errno_of(pread(s->medium.buffered, s->medium.bounce, size, 0)), size);
	expect_equal(s->medium.bounce, old + 2 * size, size, "the medium");
}

/* btrfs takes the pages without faults (FOLL_NOFAULT), and faults them in where that fails. */
SCENARIO(blocks, read_to_shared,
	 "a read into pages that are shared after fork() gives the reader copies in memory; the "
	 "child keeps the pages and its bytes")
{
	struct story *s = &self->story;
	size_t i;

	story_make_writable(s);
	child_fork(&s->child);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("a read", errno_of(pread(s->medium.fd, s->buffer.addr, s->buffer.size, 0)),
		      s->buffer.size);
	for (i = 0; i < PAGES; i++) {
		set_rule(RULE_SHARED_IS_COPIED);
		expect_copied(s, i);
		expect_owner_sees(s, i, BY_MEDIUM);
		set_rule(RULE_NO_LEAK);
		if (s->place != PLACE_PRIVATE)
			expect_child_keeps_frame(s, &s->child, i);
		expect_child_sees(s, &s->child, i, BY_OWNER);
	}
}

SCENARIO(blocks, through_cache,
	 "btrfs transfers what is no whole blocks through the page cache: the bytes arrive, and "
	 "the pages stay in place")
{
	struct story *s = &self->story;
	const long odd = 100, size = self->page + odd;
	unsigned char *old = patterns(s, PAGES, BY_OWNER), *on = patterns(s, PAGES, BY_MEDIUM);

	set_rule(RULE_UNALIGNED_IS_BUFFERED);
	expect_result("a write", errno_of(pwrite(s->medium.fd, s->buffer.addr + odd, size, odd)),
		      size);
	expect_result("a read", errno_of(pread(s->medium.fd, buffer_page(&s->buffer, 2), size,
					       self->page)),
		      s->read_only ? -EFAULT : size);
	expect_used(s, 0, 1);
	set_rule(RULE_UNALIGNED_IS_BUFFERED);
	memcpy(on + odd, old + odd, size);
	if (!s->read_only)
		memcpy(old + 2 * self->page, on + self->page, size);
	expect_equal(s->buffer.addr, old, s->buffer.size, "the buffer");
	expect_result("a read of whole blocks",
		      errno_of(pread(s->medium.fd, s->medium.bounce, PAGES * self->page, 0)),
		      PAGES * self->page);
	expect_equal(s->medium.bounce, on, PAGES * self->page, "the medium");
}

/* The number of separate pages that one request of the device has (virtio-blk: some hundred). */
static long segments_of(int fd)
{
	struct stat device;
	char path[80];
	long segments;

	if (fstat(fd, &device))
		syscall_failed("fstat", errno);
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/queue/max_segments",
		 major(device.st_rdev), minor(device.st_rdev));
	segments = read_number(path);
	if (segments <= 0)
		not_prepared("%s cannot be read", path);
	return segments;
}

/* bio_split_io_at(), __blkdev_direct_IO(): one of several requests may have to wait. */
SCENARIO(blocks, no_wait_for_several,
	 "RWF_NOWAIT of a block device transfers nothing and says EAGAIN if more than one request "
	 "is needed")
{
	struct story *s = &self->story;
	static struct iovec parts[IOV_MAX];
	const long segments = segments_of(s->medium.fd), count = segments + 1;
	long i;

	for (i = 0; i < IOV_MAX; i++)
		parts[i] = (struct iovec){ s->buffer.addr, self->page };
	set_rule(RULE_FLAGS_AS_A_WHOLE);
	if (count <= IOV_MAX)
		expect_result("a read of one page more than a request has",
			      errno_of(preadv2(s->medium.fd, parts, count, 0, RWF_NOWAIT)),
			      -EAGAIN);
	expect_result("a read of many pages",
		      errno_of(preadv2(s->medium.fd, parts, IOV_MAX, 0, RWF_NOWAIT)), -EAGAIN);
	expect_owner_sees(s, 0, BY_OWNER);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_blocks", argc, argv);
}
