// SPDX-License-Identifier: GPL-2.0
/*
 * The accesses of the matrix, with one row and one function for each. This file
 * has those by CPUs, other processes, devices and madvise(); io_access.c and
 * gup_access.c have the others.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cell/access.h"
#include "cell/gup_access.h"
#include "cell/io_access.h"
#include "kernel/kernel.h"
#include "report/report.h"

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
		syscall_failed("/proc/self/mem", errno);
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

static const struct access cpu_rows[] = {
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
};

static const struct access rows[] = {
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
	const struct access *more[] = { cpu_rows, NULL, rows, NULL };
	size_t counts[] = { ARRAY_SIZE(cpu_rows), 0, ARRAY_SIZE(rows), 0 }, i;

	if (!used) {
		more[1] = io_access_rows(&counts[1]);
		more[3] = gup_access_rows(&counts[3]);
		for (i = 0; i < ARRAY_SIZE(more); used += counts[i++])
			memcpy(all + used, more[i], counts[i] * sizeof(all[0]));
	}
	*count = used;
	return all;
}

struct access_result access_run(struct cell *cell)
{
	struct access_result result = { .value = cell->access->run(cell) };

	/* Before the medium is read to check its bytes. */
	if (cell_medium(cell))
		result.cached = medium_cached(cell_medium(cell), cell->buffer.pages);
	return result;
}
