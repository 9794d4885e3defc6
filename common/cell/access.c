// SPDX-License-Identifier: GPL-2.0
/*
 * The access axis of the matrix: one row and one function each. gup_access.c
 * has those of gup_test.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "cell/access.h"
#include "cell/gup_access.h"
#include "kernel/kernel.h"
#include "report/report.h"

static long errno_of(long result)
{
	return result < 0 ? -errno : result;
}

static long run_cpu_read(struct cell *cell)
{
	return cpu_read(&cell->buffer, 0, cell->buffer.pages, cell->got);
}

static long run_cpu_write(struct cell *cell)
{
	return cpu_write(&cell->buffer, 0, cell->buffer.pages, BY_OWNER_AGAIN);
}

static long run_child_read(struct cell *cell)
{
	return child_read(&cell->child, &cell->buffer, 0, cell->buffer.pages, cell->got);
}

static long run_child_write(struct cell *cell)
{
	return child_write(&cell->child, &cell->buffer, 0, cell->buffer.pages, BY_CHILD);
}

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

/* The pipe holds references to the very pages until it is read. */
static long run_vmsplice(struct cell *cell)
{
	struct iovec iov = { cell->buffer.addr, cell->buffer.size };
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		broken("pipe: %s", strerror(errno));
	cell->held = ends[0];
	cell->held_other = ends[1];
	return errno_of(vmsplice(ends[1], &iov, 1, SPLICE_F_NONBLOCK));
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

static long run_vm_read(struct cell *cell)
{
	return other_vm_read(&cell->env->other, &cell->buffer, 0, cell->buffer.pages, cell->got);
}

static long run_vm_write(struct cell *cell)
{
	return other_vm_write(&cell->env->other, &cell->buffer, 0, cell->buffer.pages);
}

static long run_poke(struct cell *cell)
{
	return other_poke(&cell->env->other, &cell->buffer, 0, cell->buffer.pages);
}

static long run_peek(struct cell *cell)
{
	return other_peek(&cell->env->other, &cell->buffer, 0, cell->buffer.pages, cell->got);
}

static long run_mem_write(struct cell *cell)
{
	unsigned char text[features.page_size];
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	long result = 0;
	size_t page;

	if (fd < 0)
		broken("/proc/self/mem: %s", strerror(errno));
	for (page = 0; page < cell->buffer.pages; page++) {
		long done;

		write_page(text, cell->buffer.serial, page, BY_OWNER_AGAIN);
		done = errno_of(pwrite(fd, text, features.page_size,
				       (uintptr_t)buffer_page(&cell->buffer, page)));
		if (done < 0) {
			result = result ? result : done;
			break;
		}
		result += done;
	}
	close(fd);
	return result;
}

static long run_device_read(struct cell *cell)
{
	struct device *device = cell_device(cell);
	int error;

	memset(device->bounce, 0xee, cell->buffer.size);
	error = device_read(device, cell->buffer.addr, cell->buffer.pages);
	memcpy(cell->got, device->bounce, cell->buffer.size);
	return error;
}

static long run_device_write(struct cell *cell)
{
	struct device *device = cell_device(cell);
	size_t page;

	for (page = 0; page < cell->buffer.pages; page++)
		write_page(device->bounce + page * features.page_size, cell->buffer.serial, page,
			   BY_DEVICE);
	return device_write(device, cell->buffer.addr, cell->buffer.pages);
}

static long run_populate_read(struct cell *cell)
{
	return errno_of(madvise(cell->buffer.addr, cell->buffer.size, MADV_POPULATE_READ));
}

static long run_populate_write(struct cell *cell)
{
	return errno_of(madvise(cell->buffer.addr, cell->buffer.size, MADV_POPULATE_WRITE));
}

static long run_migrate_back(struct cell *cell)
{
	return device_migrate_back(cell->place == PLACE_REMOTE ? &cell->env->coherent :
								 cell_device(cell),
				   cell->buffer.addr, cell->buffer.pages);
}

static long run_migrate_away(struct cell *cell)
{
	return device_migrate_to(&cell->env->remote, cell->buffer.addr, cell->buffer.pages);
}

static const struct access rows[] = {
	{ .name = "cpu-read",
	  .what = "the owner's CPU reads",
	  .run = run_cpu_read,
	  .reach = REACH_CPU,
	  .reads = true,
	  .refused = -SIGSEGV,
	  .protected_ = -SIGBUS },
	{ .name = "cpu-write",
	  .what = "the owner's CPU writes",
	  .run = run_cpu_write,
	  .reach = REACH_CPU,
	  .write_fault = true,
	  .stores = true,
	  .writer = BY_OWNER_AGAIN,
	  .refused = -SIGSEGV,
	  .protected_ = -SIGBUS },
	{ .name = "child-read",
	  .what = "the child's CPU reads",
	  .run = run_child_read,
	  .reach = REACH_CHILD_CPU,
	  .reads = true,
	  .refused = -SIGSEGV },
	{ .name = "child-write",
	  .what = "the child's CPU writes",
	  .run = run_child_write,
	  .reach = REACH_CHILD_CPU,
	  .write_fault = true,
	  .writer = BY_CHILD,
	  .refused = -SIGSEGV },
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
	  .partial_count = true,
	  .refused = EFAULT },
	{ .name = "vm-read",
	  .what = "process_vm_readv(2) by another process",
	  .run = run_vm_read,
	  .reach = REACH_PIN,
	  .reads = true,
	  .partial_count = true,
	  .refused = EFAULT },
	{ .name = "vm-write",
	  .what = "process_vm_writev(2) by another process",
	  .run = run_vm_write,
	  .reach = REACH_PIN,
	  .write_fault = true,
	  .stores = true,
	  .writer = BY_OTHER,
	  .partial_count = true,
	  .refused = EFAULT,
	  .protected_ = EFAULT },
	{ .name = "mem-write",
	  .what = "write to /proc/self/mem (FOLL_FORCE)",
	  .run = run_mem_write,
	  .reach = REACH_FORCE,
	  .force_by_policy = true,
	  .write_fault = true,
	  .stores = true,
	  .writer = BY_OWNER_AGAIN,
	  .partial_count = true,
	  .refused = EIO,
	  .protected_ = EIO },
	{ .name = "ptrace-poke",
	  .what = "PTRACE_POKEDATA by a tracer (FOLL_FORCE)",
	  .run = run_poke,
	  .reach = REACH_FORCE,
	  .write_fault = true,
	  .stores = true,
	  .writer = BY_OTHER,
	  .partial_count = true,
	  .refused = EIO,
	  .protected_ = EIO },
	{ .name = "ptrace-peek",
	  .what = "PTRACE_PEEKDATA by a tracer (FOLL_FORCE)",
	  .run = run_peek,
	  .reach = REACH_FORCE,
	  .reads = true,
	  .partial_count = true,
	  .refused = EIO },
	{ .name = "device-read",
	  .what = "the device reads through its mirror",
	  .run = run_device_read,
	  .reach = REACH_MIRROR,
	  .reads = true,
	  .unit = UNIT_NONE,
	  .refused = EFAULT },
	{ .name = "device-write",
	  .what = "the device writes through its mirror",
	  .run = run_device_write,
	  .reach = REACH_MIRROR,
	  .write_fault = true,
	  .stores = true,
	  .writer = BY_DEVICE,
	  .unit = UNIT_NONE,
	  .refused = EPERM,
	  .protected_ = EFAULT },
	{ .name = "populate-read",
	  .what = "madvise(MADV_POPULATE_READ)",
	  .run = run_populate_read,
	  .reach = REACH_ADVICE,
	  .unit = UNIT_NONE,
	  .refused = EINVAL },
	{ .name = "populate-write",
	  .what = "madvise(MADV_POPULATE_WRITE)",
	  .run = run_populate_write,
	  .reach = REACH_ADVICE,
	  .write_fault = true,
	  .unit = UNIT_NONE,
	  .refused = EINVAL,
	  .protected_ = EFAULT },
	{ .name = "migrate-back",
	  .what = "the device's driver migrates back to memory",
	  .run = run_migrate_back,
	  .reach = REACH_MIGRATION_BACK,
	  .unit = UNIT_NONE,
	  .refused = EINVAL },
	{ .name = "migrate-away",
	  .what = "another device's driver migrates to its memory",
	  .run = run_migrate_away,
	  .reach = REACH_MIGRATION_AWAY,
	  .unit = UNIT_NONE,
	  .refused = EINVAL },
};

const struct access *access_rows(size_t *count)
{
	static struct access all[64];
	static size_t used;
	const struct access *gup;
	size_t more;

	if (!used) {
		gup = gup_access_rows(&more);
		memcpy(all, rows, sizeof(rows));
		used = ARRAY_SIZE(rows);
		memcpy(all + used, gup, more * sizeof(*gup));
		used += more;
	}
	*count = used;
	return all;
}
