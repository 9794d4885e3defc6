// SPDX-License-Identifier: GPL-2.0
/* Accesses by I/O: O_DIRECT, io_uring and vmsplice. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "cell/io_access.h"
#include "kernel/kernel.h"
#include "report/report.h"

static long run_dio_read(struct cell *cell)
{
	return errno_of(pread(cell->env->file.fd, cell->buffer.addr, cell->buffer.size, 0));
}

static long run_dio_write(struct cell *cell)
{
	return errno_of(pwrite(cell->env->file.fd, cell->buffer.addr, cell->buffer.size, 0));
}

static long run_raw_read(struct cell *cell)
{
	return errno_of(pread(cell->env->raw.fd, cell->buffer.addr, cell->buffer.size, 0));
}

static long run_raw_write(struct cell *cell)
{
	return errno_of(pwrite(cell->env->raw.fd, cell->buffer.addr, cell->buffer.size, 0));
}

static long run_ring_register(struct cell *cell)
{
	return ring_register(&cell->env->ring, cell->buffer.addr, cell->buffer.size);
}

static long run_ring_fixed(struct cell *cell, enum ring_op op)
{
	long error = run_ring_register(cell);

	return error ? error :
		       ring_transfer(&cell->env->ring, op, cell->env->file.fd, cell->buffer.addr,
				     cell->buffer.size);
}

static long run_read_fixed(struct cell *cell)
{
	return run_ring_fixed(cell, RING_READ_FIXED);
}

static long run_write_fixed(struct cell *cell)
{
	return run_ring_fixed(cell, RING_WRITE_FIXED);
}

static long run_ring_read(struct cell *cell)
{
	return ring_transfer(&cell->env->ring, RING_READ, cell->env->file.fd, cell->buffer.addr,
			     cell->buffer.size);
}

static long run_ring_write(struct cell *cell)
{
	return ring_transfer(&cell->env->ring, RING_WRITE, cell->env->file.fd, cell->buffer.addr,
			     cell->buffer.size);
}

/* The pipe holds references to the pages until it is read. */
static long run_vmsplice(struct cell *cell)
{
	struct iovec iov = { cell->buffer.addr, cell->buffer.size };
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		syscall_failed("pipe", errno);
	cell->held = ends[0];
	cell->held_other = ends[1];
	return errno_of(vmsplice(ends[1], &iov, 1, SPLICE_F_NONBLOCK));
}

static void drop_pipe(struct cell *cell)
{
	close(cell->held);
	close(cell->held_other);
}

/* Pages come out of the pipe in order; each is looked at once. */
static enum data look_into_pipe(struct cell *cell, size_t page)
{
	static unsigned char *copy;

	if (!copy)
		copy = mmap(NULL, features.page_size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (read(cell->held, copy, features.page_size) != (ssize_t)features.page_size)
		return DATA_UNREADABLE;
	return read_page(copy, cell->buffer.serial, page, BY_OWNER, cell->access->writer);
}

static const struct access rows[] = {
	{ .name = "dio-read",
	  .what = "read(2) from an O_DIRECT file",
	  .run = run_dio_read,
	  .reach = REACH_DIO,
	  .write_fault = true,
	  .stores = true,
	  .writer = BY_MEDIUM,
	  .from_medium = true,
	  .refused = EFAULT,
	  .protected_ = EFAULT,
	  .needs = BIT(NEED_FILE) },
	{ .name = "dio-write",
	  .what = "write(2) to an O_DIRECT file",
	  .run = run_dio_write,
	  .reach = REACH_DIO,
	  .to_medium = true,
	  .refused = EFAULT,
	  .needs = BIT(NEED_FILE) },
	{ .name = "raw-read",
	  .what = "read(2) from an O_DIRECT block device",
	  .run = run_raw_read,
	  .reach = REACH_DIO,
	  .write_fault = true,
	  .stores = true,
	  .writer = BY_MEDIUM,
	  .from_medium = true,
	  .partial_count = true,
	  .refused = EFAULT,
	  .protected_ = EFAULT,
	  .needs = BIT(NEED_RAW) },
	{ .name = "raw-write",
	  .what = "write(2) to an O_DIRECT block device",
	  .run = run_raw_write,
	  .reach = REACH_DIO,
	  .to_medium = true,
	  .partial_count = true,
	  .refused = EFAULT,
	  .needs = BIT(NEED_RAW) },
	{ .name = "ring-register",
	  .what = "io_uring registers the pages as a fixed buffer",
	  .run = run_ring_register,
	  .reach = REACH_LONGTERM,
	  .write_fault = true,
	  .unit = UNIT_NONE,
	  .refused = EFAULT,
	  .protected_ = EFAULT,
	  .needs = BIT(NEED_RING) },
	{ .name = "ring-read-fixed",
	  .what = "io_uring READ_FIXED from an O_DIRECT file",
	  .run = run_read_fixed,
	  .reach = REACH_LONGTERM,
	  .write_fault = true,
	  .stores = true,
	  .writer = BY_MEDIUM,
	  .from_medium = true,
	  .refused = EFAULT,
	  .protected_ = EFAULT,
	  .needs = BIT(NEED_RING) | BIT(NEED_FILE) },
	{ .name = "ring-write-fixed",
	  .what = "io_uring WRITE_FIXED to an O_DIRECT file",
	  .run = run_write_fixed,
	  .reach = REACH_LONGTERM,
	  .write_fault = true,
	  .to_medium = true,
	  .refused = EFAULT,
	  .protected_ = EFAULT,
	  .needs = BIT(NEED_RING) | BIT(NEED_FILE) },
	{ .name = "ring-read",
	  .what = "io_uring READ from an O_DIRECT file",
	  .run = run_ring_read,
	  .reach = REACH_DIO,
	  .write_fault = true,
	  .stores = true,
	  .writer = BY_MEDIUM,
	  .from_medium = true,
	  .refused = EFAULT,
	  .protected_ = EFAULT,
	  .needs = BIT(NEED_RING) | BIT(NEED_FILE) },
	{ .name = "ring-write",
	  .what = "io_uring WRITE to an O_DIRECT file",
	  .run = run_ring_write,
	  .reach = REACH_DIO,
	  .to_medium = true,
	  .refused = EFAULT,
	  .needs = BIT(NEED_RING) | BIT(NEED_FILE) },
	{ .name = "vmsplice",
	  .what = "vmsplice(2) into a pipe, which holds the pages",
	  .run = run_vmsplice,
	  .reach = REACH_GET,
	  .held = true,
	  .hold_look = look_into_pipe,
	  .hold_drop = drop_pipe,
	  .partial_count = true,
	  .refused = EFAULT },
};

const struct access *io_access_rows(size_t *count)
{
	*count = ARRAY_SIZE(rows);
	return rows;
}
