// SPDX-License-Identifier: GPL-2.0
#include "reach/direct_io.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "report/report.h"
#include "report/rules.h"

/*
 * The required alignment of transfers in bytes: from statx() (since 6.1), or
 * else the logical block size of the device or the block size of the
 * filesystem.
 */
static void find_alignment(struct medium *medium)
{
	const int fd = medium->fd;
	int block;
	struct stat file;
#ifdef STATX_DIOALIGN
	struct statx st;

	if (!statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &st) && st.stx_mask & STATX_DIOALIGN &&
	    st.stx_dio_offset_align) {
		medium->align = st.stx_dio_offset_align;
		medium->memory_align = st.stx_dio_mem_align;
		return;
	}
#endif
	if (fstat(fd, &file))
		syscall_failed("fstat", errno);
	medium->align = ioctl(fd, BLKSSZGET, &block) ? file.st_blksize : block;
	medium->memory_align = medium->align;
}

/* Must it be possible to open the file or block device @fd with O_DIRECT? */
static bool has_direct_io(int fd)
{
	struct statfs fs;
	struct stat file;

	if (fstat(fd, &file) || fstatfs(fd, &fs))
		return false;
	return S_ISBLK(file.st_mode) || fs.f_type == EXT4_SUPER_MAGIC ||
	       fs.f_type == XFS_SUPER_MAGIC || fs.f_type == BTRFS_SUPER_MAGIC;
}

static void medium_open(struct medium *medium, const char *path, bool is_file)
{
	int create = is_file ? O_CREAT | O_TRUNC : 0;

	medium->buffered = open(path, O_RDWR | O_CLOEXEC | create, 0600);
	if (medium->buffered < 0)
		not_prepared("%s: %s", path, strerror(errno));
	medium->fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (medium->fd < 0 && has_direct_io(medium->buffered))
		syscall_failed("open() with O_DIRECT", errno);
	if (medium->fd < 0)
		not_prepared("%s: no O_DIRECT: %s", path, strerror(errno));
	find_alignment(medium);
	medium->cache = mmap(NULL, BUFFER_PAGES_MAX * features.page_size, PROT_READ, MAP_SHARED,
			     medium->buffered, 0);
	if (medium->cache == MAP_FAILED)
		syscall_failed("mmap of a medium", errno);
	medium->bounce = mmap(NULL, BUFFER_PAGES_MAX * features.page_size, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (medium->bounce == MAP_FAILED)
		not_prepared("no memory for a medium");
	/* If a child shared it, each use would make a copy. */
	madvise(medium->bounce, BUFFER_PAGES_MAX * features.page_size, MADV_DONTFORK);
}

/*
 * Check a transfer that prepares or checks the medium. Outside of a guest of the
 * suite, the test is broken if the disk has an error (EIO), and everywhere if it
 * is full; any other error is a failure of the kernel.
 */
static void transferred(const char *what, ssize_t result, size_t size)
{
	const int rule = report->rule;

	if (result < 0 && errno == EIO)
		not_prepared("%s: %s", what, strerror(errno));
	if (result < 0)
		syscall_failed(what, errno);
	set_rule(RULE_BYTES_ARRIVE);
	if (result != (ssize_t)size)
		fail_now("%s: %zd of %zu bytes", what, result, size);
	report->rule = rule;
}

static const struct medium_row {
	const char *variable;	/* of the environment, with the path */
	bool is_file;		/* the path is that of a directory */
	enum skip_id skip;
	const char *in_kernel;	/* a path that each kernel has on which this is possible */
	const char *why_not;
} media[] = {
	[ON_FILE] = { "HMM_COHERENT_DIR", true, SKIP_NO_DIR, NULL, NULL },
	[ON_RAW] = { "HMM_COHERENT_RAW", false, SKIP_NO_RAW, NULL, NULL },
	[ON_SLOW] = { "HMM_COHERENT_SLOW", false, SKIP_NO_SLOW, NULL, NULL },
	[ON_RAW_4K] = { "HMM_COHERENT_RAW_4K", false, SKIP_NO_RAW_4K, NULL, NULL },
	[ON_XFS] = { "HMM_COHERENT_XFS", true, SKIP_NO_XFS, "/sys/fs/xfs",
		     "this kernel has no xfs (--profile wide has it)" },
	[ON_BTRFS] = { "HMM_COHERENT_BTRFS", true, SKIP_NO_BTRFS, "/sys/fs/btrfs",
		       "this kernel has no btrfs (--profile wide has it)" },
};

bool medium_is_file(enum medium_kind kind)
{
	return media[kind].is_file;
}

const char *medium_why_not(enum medium_kind kind)
{
	const struct medium_row *row = &media[kind];

	return row->in_kernel && !getenv(row->variable) && access(row->in_kernel, F_OK) ?
		       row->why_not :
		       NULL;
}

static void medium_file(struct medium *medium, const char *dir)
{
	const size_t size = BUFFER_PAGES_MAX * features.page_size;
	char path[512];

	snprintf(path, sizeof(path), "%s/hmm-coherent-%d", dir, getpid());
	medium_open(medium, path, true);
	unlink(path);
	/*
	 * Allocate the blocks by one write, since block allocation is not
	 * tested.
	 */
	memset(medium->bounce, 0, size);
	transferred("a write to a new file", pwrite(medium->buffered, medium->bounce, size, 0),
		    size);
	transferred("fsync of a new file", fsync(medium->buffered), 0);
}

bool medium_take(struct medium *medium, enum medium_kind kind)
{
	const char *path = getenv(media[kind].variable);

	if (path && media[kind].is_file)
		medium_file(medium, path);
	else if (path)
		medium_open(medium, path, false);
	return path;
}

void medium_need(struct medium *medium, enum medium_kind kind)
{
	need(medium_take(medium, kind), media[kind].skip);
}

bool medium_any(struct medium *medium)
{
	return medium_take(medium, ON_FILE) || medium_take(medium, ON_RAW);
}

void medium_close(struct medium *medium)
{
	munmap(medium->bounce, BUFFER_PAGES_MAX * features.page_size);
	munmap(medium->cache, BUFFER_PAGES_MAX * features.page_size);
	close(medium->fd);
	close(medium->buffered);
}

void medium_write(struct medium *medium, uint32_t serial, size_t pages, enum writer writer)
{
	size_t page, size = pages * features.page_size;

	for (page = 0; page < pages; page++)
		write_page((char *)medium->bounce + page * features.page_size, serial, page,
			   writer);
	transferred("a direct write of ordinary memory to the medium",
		    pwrite(medium->fd, medium->bounce, size, 0), size);
}

static enum data look(int fd, struct medium *medium, uint32_t serial, size_t page,
		      enum writer before, enum writer after)
{
	transferred("a read of the medium into ordinary memory",
		    pread(fd, medium->bounce, features.page_size, page * features.page_size),
		    features.page_size);
	return read_page(medium->bounce, serial, page, before, after);
}

enum data medium_look(struct medium *medium, uint32_t serial, size_t page, enum writer before,
		      enum writer after)
{
	return look(medium->fd, medium, serial, page, before, after);
}

enum data medium_look_buffered(struct medium *medium, uint32_t serial, size_t page,
			       enum writer before, enum writer after)
{
	return look(medium->buffered, medium, serial, page, before, after);
}

size_t medium_cached(struct medium *medium, size_t pages)
{
	unsigned char resident[BUFFER_PAGES_MAX];
	size_t i, count = 0;

	if (mincore(medium->cache, pages * features.page_size, resident))
		syscall_failed("mincore of a medium", errno);
	for (i = 0; i < pages; i++)
		count += resident[i] & 1;
	return count;
}
