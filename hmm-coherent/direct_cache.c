// SPDX-License-Identifier: GPL-2.0
/*
 * O_DIRECT next to the page cache and over parts of a file without blocks: a
 * direct transfer and every other way to the file must show the same bytes (S7)
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "story/story.h"

#define PAGES 4

FIXTURE(direct_cache)
{
	struct story story;
	ssize_t size;			/* of all pages, in bytes */
	unsigned char *mapped;		/* a shared mapping of the medium */
};

FIXTURE_VARIANT(direct_cache)
{
	enum place place;
	enum medium_kind medium;
};

#define VARIANT(name, where, on) \
	FIXTURE_VARIANT_ADD(direct_cache, name) { .place = (where), .medium = (on) }
VARIANT(coherent_file, PLACE_COHERENT, ON_FILE);
VARIANT(coherent_raw, PLACE_COHERENT, ON_RAW);
VARIANT(system_file, PLACE_SYSTEM, ON_FILE);
VARIANT(system_raw, PLACE_SYSTEM, ON_RAW);

WHY_NOT(direct_cache)
{
	const bool raw = variant->medium == ON_RAW;

	if (raw && (!strcmp(test, "hole") || !strcmp(test, "unwritten") ||
		    !strcmp(test, "timed_by_mapping")))
		return "only for a file";
	return !raw && (!strcmp(test, "end_of_device") || !strcmp(test, "made_read_only")) ?
		       "only for a block device" :
		       NULL;
}

FIXTURE_SETUP(direct_cache)
{
	struct story *s = &self->story;

	self->size = PAGES * features.page_size;
	story_begin(s, variant->place, false, PAGES);
	story_medium(s, variant->medium);
	self->mapped = mmap(NULL, self->size, PROT_READ | PROT_WRITE, MAP_SHARED,
			    s->medium.buffered, 0);
	if (self->mapped == MAP_FAILED)
		syscall_failed("mmap of a medium", errno);
}

FIXTURE_TEARDOWN(direct_cache)
{
	unmap_memory(self->mapped, self->size);
	story_end(&self->story);
}

/* A direct read of all pages into the story's pages. */
static void read_all(FIXTURE_DATA(direct_cache) (*self))
{
	struct story *s = &self->story;

	set_rule(RULE_BYTES_ARRIVE);
	expect_result("a direct read of all pages",
		      errno_of(pread(s->medium.fd, s->buffer.addr, self->size, 0)), self->size);
}

static void write_all(FIXTURE_DATA(direct_cache) (*self))
{
	struct story *s = &self->story;

	set_rule(RULE_BYTES_ARRIVE);
	expect_result("a direct write of all pages",
		      errno_of(pwrite(s->medium.fd, s->buffer.addr, self->size, 0)), self->size);
}

/* Read each page of the mapping, so that it is in the page cache. */
static void fill_cache(FIXTURE_DATA(direct_cache) (*self))
{
	size_t i;

	for (i = 0; i < PAGES; i++)
		(void)*(volatile unsigned char *)(self->mapped + i * features.page_size);
}

/* The second and third page of the file have no bytes, the others those of the medium. */
static void expect_empty_middle(FIXTURE_DATA(direct_cache) (*self), int mode, const char *call)
{
	struct story *s = &self->story;
	const size_t page = features.page_size;

	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result(call, errno_of(fallocate(s->medium.buffered, mode, page, 2 * page)), 0);
	read_all(self);
	expect_owner_sees(s, 0, BY_MEDIUM);
	expect_zeros(buffer_page(&s->buffer, 1), "what is read of the first empty page");
	expect_zeros(buffer_page(&s->buffer, 2), "what is read of the second empty page");
	expect_owner_sees(s, 3, BY_MEDIUM);
}

SCENARIO(direct_cache, hole,
	 "a direct read across a hole of a file reads zeros there, and the blocks on both sides")
{
	expect_empty_middle(self, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			    "FALLOC_FL_PUNCH_HOLE");
}

SCENARIO(direct_cache, unwritten,
	 "the same across blocks that are allocated and were never written")
{
	expect_empty_middle(self, FALLOC_FL_ZERO_RANGE, "FALLOC_FL_ZERO_RANGE");
}

/* Other bytes in each page at @to, of the medium or in memory. */
static void write_other(FIXTURE_DATA(direct_cache) (*self), unsigned char *to)
{
	size_t i;

	for (i = 0; i < PAGES; i++)
		write_page(to + i * features.page_size, self->story.buffer.serial, i, BY_OTHER);
}

static void expect_read_sees_other(FIXTURE_DATA(direct_cache) (*self))
{
	size_t i;

	read_all(self);
	for (i = 0; i < PAGES; i++)
		expect_owner_sees(&self->story, i, BY_OTHER);
}

SCENARIO(direct_cache, written_in_cache,
	 "a direct read sees in each page what was written through the page cache and is not on "
	 "the disk yet")
{
	const struct medium *medium = &self->story.medium;

	write_other(self, medium->bounce);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("a write through the page cache",
		      errno_of(pwrite(medium->buffered, medium->bounce, self->size, 0)),
		      self->size);
	expect_read_sees_other(self);
}

SCENARIO(direct_cache, written_through_mapping,
	 "the same for what was written through a shared mapping")
{
	write_other(self, self->mapped);
	expect_read_sees_other(self);
}

SCENARIO(direct_cache, read_into_cache,
	 "after a direct write, a mapping and a read through the page cache show its bytes in each "
	 "page, also where the page cache had older ones")
{
	struct story *s = &self->story;
	size_t i;

	fill_cache(self);
	write_all(self);
	set_rule(RULE_BYTES_ARRIVE);
	for (i = 0; i < PAGES; i++) {
		expect_bytes(self->mapped + i * features.page_size, s->buffer.serial, i, BY_OWNER,
			     "the page of the mapping");
		expect_medium_has(s, i, BY_OWNER);
	}
}

SCENARIO(direct_cache, end_of_device,
	 "a direct read across the end of a block device returns the bytes before the end, and at "
	 "the end 0")
{
	struct story *s = &self->story;
	const long page = features.page_size;
	unsigned long long bytes;

	if (ioctl(s->medium.fd, BLKGETSIZE64, &bytes))
		syscall_failed("BLKGETSIZE64", errno);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("a read across the end",
		      errno_of(pread(s->medium.fd, s->buffer.addr, 2 * page, bytes - page)), page);
	expect_owner_sees(s, 1, BY_OWNER);
	expect_result("a read at the end",
		      errno_of(pread(s->medium.fd, s->buffer.addr, page, bytes)), 0);
	expect_result("a write across the end",
		      errno_of(pwrite(s->medium.fd, s->buffer.addr, page, bytes)), -ENOSPC);
}

SCENARIO(direct_cache, made_read_only,
	 "a block device that was made read-only cannot be mapped shared and writable, nor written")
{
	struct story *s = &self->story;
	int on = 1, off = 0;
	void *at;
	long mapped, written;

	need(in_guest(), SKIP_NOT_ALONE);
	if (ioctl(s->medium.fd, BLKROSET, &on))
		syscall_failed("BLKROSET", errno);
	at = mmap(NULL, self->size, PROT_READ | PROT_WRITE, MAP_SHARED, s->medium.buffered, 0);
	mapped = at == MAP_FAILED ? -errno : 0;
	written = errno_of(pwrite(s->medium.fd, s->buffer.addr, self->size, 0));
	if (ioctl(s->medium.fd, BLKROSET, &off))
		syscall_failed("BLKROSET", errno);
	set_rule(RULE_READ_ONLY_DEVICE);
	expect_result("mmap", mapped, -EINVAL);
	expect_result("a direct write", written, -EPERM);
	expect_medium_has(s, 0, BY_MEDIUM);
}

/* The bytes that the page cache, a direct read and the mapping show in each page. */
static void expect_everywhere(FIXTURE_DATA(direct_cache) (*self), enum writer writer)
{
	struct story *s = &self->story;
	size_t i;

	set_rule(RULE_BYTES_ARRIVE);
	for (i = 0; i < PAGES; i++) {
		expect_bytes(self->mapped + i * features.page_size, s->buffer.serial, i, writer,
			     "the page of the mapping");
		expect(medium_look_buffered(&s->medium, s->buffer.serial, i, writer, writer) ==
		       DATA_OLD, "page %zu has other bytes in the page cache", i);
	}
	read_all(self);
	for (i = 0; i < PAGES; i++)
		expect_owner_sees(s, i, writer);
}

/* invalidate_inode_pages2_range() does not look at references. */
SCENARIO(direct_cache, held_in_cache,
	 "a direct write over a page of the page cache that a pipe holds writes all bytes, and "
	 "every way to the medium shows them")
{
	struct story *s = &self->story;

	fill_cache(self);
	story_hold_at(s, self->mapped + features.page_size);
	write_all(self);
	expect_everywhere(self, BY_OWNER);
	story_let_go(s);
	expect_everywhere(self, BY_OWNER);
}

/* blkdev_fallocate(), ext4_collapse_range() */
SCENARIO(direct_cache, refused_change,
	 "a change of a range that is refused leaves what was written through the page cache")
{
	struct story *s = &self->story;
	const size_t page = features.page_size;

	write_other(self, s->medium.bounce);
	set_rule(RULE_FAILURE_LOSES_NOTHING);
	expect_result("a write through the page cache",
		      errno_of(pwrite(s->medium.buffered, s->medium.bounce, self->size, 0)),
		      self->size);
	if (variant->medium == ON_RAW)
		expect_result("fallocate with a mode that a block device does not have",
			      errno_of(fallocate(s->medium.buffered, FALLOC_FL_KEEP_SIZE, page,
						 2 * page)), -EOPNOTSUPP);
	expect_result("fallocate of a range that is not aligned",
		      errno_of(fallocate(s->medium.buffered,
					 variant->medium == ON_RAW ? FALLOC_FL_ZERO_RANGE :
								     FALLOC_FL_COLLAPSE_RANGE,
					 page + 1, page)), -EINVAL);
	expect_everywhere(self, BY_OTHER);
}

/* blkdev_dio_invalid(), iomap_dio_bio_iter(), iov_iter_extract_bvecs() */
SCENARIO(direct_cache, unaligned,
	 "a direct transfer whose offset, length or memory is not aligned is EINVAL, and moves no "
	 "byte")
{
	struct story *s = &self->story;
	const size_t part = s->medium.align / 2;
	const struct {
		const char *what;
		size_t memory, length, offset;
	} rows[] = {
		{ "the offset", 0, 2 * part, part }, { "the length", 0, part, 0 },
		{ "the length, of more than a block", 0, 3 * part, 0 },
		{ "the memory", 1, 2 * part, 0 },
	};
	const struct iovec parts[] = { { s->buffer.addr, 2 * part },
				       { s->buffer.addr + 2 * part + 1, 2 * part } };
	size_t i;

	set_rule(RULE_DIRECT_IS_DIRECT);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned char *memory = s->buffer.addr + rows[i].memory;

		expect_result(rows[i].what, errno_of(pread(s->medium.fd, memory, rows[i].length,
							   rows[i].offset)), -EINVAL);
		expect_result(rows[i].what, errno_of(pwrite(s->medium.fd, memory, rows[i].length,
							    rows[i].offset)), -EINVAL);
	}
	/* The first part is pinned when the second is seen (bio_iov_iter_get_pages()). */
	expect_result("the second part of a vector",
		      errno_of(preadv(s->medium.fd, parts, ARRAY_SIZE(parts), 0)), -EINVAL);
	expect_result("the second part of a vector",
		      errno_of(pwritev(s->medium.fd, parts, ARRAY_SIZE(parts), 0)), -EINVAL);
	expect_owner_sees(s, 0, BY_OWNER);
	expect_everywhere(self, BY_MEDIUM);
}

static void make_old(int fd)
{
	const struct timespec long_ago[] = { { .tv_sec = 1 }, { .tv_sec = 1 } };

	if (futimens(fd, long_ago))
		syscall_failed("futimens", errno);
}

/* Which times of the file are new: that of the last access, and that of the last change? */
static void expect_times(int fd, const char *what, bool accessed, bool changed)
{
	struct stat file;
	struct statvfs fs;
	char text[64];

	if (fstat(fd, &file) || fstatvfs(fd, &fs))
		syscall_failed("fstat", errno);
	snprintf(text, sizeof(text), "a new time of access, %s", what);
	expect_result(text, file.st_atime != 1,
		      accessed && !(fs.f_flag & ST_NOATIME));
	snprintf(text, sizeof(text), "a new time of change, %s", what);
	expect_result(text, file.st_mtime != 1, changed);
}

/* file_accessed(), file_update_time() */
SCENARIO(direct_cache, timed,
	 "a read gives the file a new time of access, and a write one of change, directly and "
	 "through the page cache")
{
	struct story *s = &self->story;
	const int fds[] = { s->medium.fd, s->medium.buffered };
	size_t i;

	set_rule(RULE_DIRECT_IS_DIRECT);
	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		const char *how = i ? "through the page cache" : "directly";

		make_old(fds[i]);
		expect_result("a read", errno_of(pread(fds[i], s->buffer.addr, self->size, 0)),
			      self->size);
		expect_times(fds[i], how, true, false);
		make_old(fds[i]);
		expect_result("a write", errno_of(pwrite(fds[i], s->buffer.addr, self->size, 0)),
			      self->size);
		expect_times(fds[i], how, false, true);
	}
}

/* fault_dirty_shared_page(), or page_mkwrite() of the filesystem */
SCENARIO(direct_cache, timed_by_mapping,
	 "a write through a shared mapping gives a file on a disk and one of tmpfs a new time of "
	 "change")
{
	const size_t size = features.page_size;
	const int memory = memfd_create("timed", MFD_CLOEXEC),
		  fds[] = { self->story.medium.buffered, memory };
	size_t i;

	if (memory < 0 || ftruncate(memory, size))
		syscall_failed("memfd_create", errno);
	set_rule(RULE_TIMES_OF_FILE);
	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		volatile char *map = mmap(NULL, size, PROT_WRITE, MAP_SHARED, fds[i], 0);

		if (map == MAP_FAILED)
			syscall_failed("mmap", errno);
		make_old(fds[i]);
		*map = 1;
		expect_times(fds[i], i ? "tmpfs" : "disk", false, true);
		unmap_memory((void *)map, size);
	}
	close(memory);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_direct_cache", argc, argv);
}
