// SPDX-License-Identifier: GPL-2.0
#include "see/device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <lib/test_hmm_uapi.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/since.h"
#include "report/report.h"
#include "see/device_ranges.h"
#include "see/held_files.h"

const char *permission_name(enum permission permission)
{
	static const char *const names[PERM_COUNT] = {
		[PERM_NONE] = "none", [PERM_RO] = "ro", [PERM_RW] = "rw"
	};

	return names[permission];
}

/*
 * The first file of a process gives up with EINTR if a signal is pending, or work that the
 * kernel does on the return to user space, such as that of io_uring after a ring was closed
 * (mm_take_all_locks(), io_ring_exit_work()). That is done when open() has returned.
 */
#define OPEN_TRIES 100

static int open_node(int node)
{
	char path[32];
	int fd, tries = 0;

	snprintf(path, sizeof(path), "/dev/hmm_dmirror%d", node);
	do {
		fd = open(path, O_RDWR | O_CLOEXEC);
	} while (fd < 0 && errno == EINTR && ++tries < OPEN_TRIES);
	if (fd < 0)
		call_failed(RULE_DRIVER_LOADS, path, errno);
	return fd;
}

int device_file(struct device *device)
{
	if (device->fd < 0 && device->opener != getpid())
		broken("another process than the one that the device mirrors opens its file");
	if (device->fd < 0)
		device->fd = open_node(device_node(device->memory));
	return device->fd;
}

static int command(struct device *device, int file, unsigned long request, const void *addr,
		   size_t npages)
{
	struct hmm_dmirror_cmd cmd = {
		.addr = (uintptr_t)addr,
		.ptr = (uintptr_t)device->bounce,
		.npages = npages,
	};

	if (npages > device->bounce_pages)
		broken("%zu pages do not fit the bounce buffer of a device", npages);
	if (ioctl(file, request, &cmd))
		return -errno;
	device->faults = cmd.faults;
	return 0;
}

int device_command(struct device *device, unsigned long request, const void *addr, size_t npages)
{
	return command(device, device_file(device), request, addr, npages);
}

int device_migrate_to(struct device *device, const void *addr, size_t npages)
{
	return device_command(device, HMM_DMIRROR_MIGRATE_TO_DEV, addr, npages);
}

int device_migrate_back(struct device *device, const void *addr, size_t npages)
{
	return device_command(device, HMM_DMIRROR_MIGRATE_TO_SYS, addr, npages);
}

static void moved(const char *what, int error)
{
	if (error && error != -ENOENT)
		syscall_failed(what, -error);
}

void device_move_to(struct device *device, const void *addr, size_t npages)
{
	moved("migration to the device", device_migrate_to(device, addr, npages));
}

void device_move_back(struct device *device, const void *addr, size_t npages)
{
	moved("migration back", device_migrate_back(device, addr, npages));
}

int device_read(struct device *device, const void *addr, size_t npages)
{
	return device_command(device, HMM_DMIRROR_READ, addr, npages);
}

int device_write(struct device *device, const void *addr, size_t npages)
{
	return device_command(device, HMM_DMIRROR_WRITE, addr, npages);
}

/* Did the driver see a page of a device among @npages pages? */
static bool saw_device(const struct device *device, size_t npages)
{
	size_t i;

	for (i = 0; i < npages; i++)
		if (device->bounce[i] != HMM_DMIRROR_PROT_ERROR &&
		    (device->bounce[i] & 0xf0) >= HMM_DMIRROR_PROT_DEV_PRIVATE_LOCAL)
			return true;
	return false;
}

static void take_snapshot(struct device *device, const void *addr, size_t npages)
{
	const bool only_look = device->fd < 0 && device->look_fd >= 0;
	int error = command(device, only_look ? device->look_fd : device_file(device),
			    HMM_DMIRROR_SNAPSHOT, addr, npages);

	if (!error && only_look && saw_device(device, npages))
		error = device_command(device, HMM_DMIRROR_SNAPSHOT, addr, npages);
	if (error)
		call_failed(RULE_OBSERVERS_AGREE, "the driver's snapshot of a page", -error);
}

size_t device_count_local(struct device *device, const void *addr, size_t npages)
{
	const int error = device_command(device, HMM_DMIRROR_SNAPSHOT, addr, npages);
	size_t i, count = 0;

	if (error)
		call_failed(RULE_OBSERVERS_AGREE, "the driver's snapshot of a range", -error);
	for (i = 0; i < npages; i++) {
		const unsigned char at = device->bounce[i] & 0xf0;

		count += at == HMM_DMIRROR_PROT_DEV_PRIVATE_LOCAL ||
			 at == HMM_DMIRROR_PROT_DEV_COHERENT_LOCAL;
	}
	return count;
}

static struct snapshot snapshot_of(const struct device *device, unsigned char byte)
{
	struct snapshot snapshot = { 0 };

	if (byte == HMM_DMIRROR_PROT_ERROR)
		return snapshot;
	snapshot.huge = byte & HMM_DMIRROR_PROT_PMD;
	if (byte & HMM_DMIRROR_PROT_WRITE)
		snapshot.permission = PERM_RW;
	else if (byte & HMM_DMIRROR_PROT_READ)
		snapshot.permission = PERM_RO;
	switch (byte & 0xf0) {
	case HMM_DMIRROR_PROT_DEV_PRIVATE_LOCAL:
	case HMM_DMIRROR_PROT_DEV_COHERENT_LOCAL:
		snapshot.at = device->memory;
		break;
	case HMM_DMIRROR_PROT_DEV_PRIVATE_REMOTE:
	case HMM_DMIRROR_PROT_DEV_COHERENT_REMOTE:
		snapshot.at = PLACE_REMOTE;
		break;
	default:
		snapshot.at = snapshot.permission == PERM_NONE ? PLACE_NOWHERE : PLACE_SYSTEM;
	}
	return snapshot;
}

struct snapshot device_snapshot(struct device *device, const void *addr)
{
	take_snapshot(device, addr, 1);
	return snapshot_of(device, device->bounce[0]);
}

void device_snapshots(struct device *device, const void *addr, size_t npages,
		      struct snapshot *snapshots)
{
	size_t i;

	take_snapshot(device, addr, npages);
	for (i = 0; i < npages; i++)
		snapshots[i] = snapshot_of(device, device->bounce[i]);
}

static void make_bounce(struct device *device, enum place memory, size_t pages)
{
	const size_t size = pages * sysconf(_SC_PAGESIZE);

	*device = (struct device){ .fd = -1, .look_fd = -1, .opener = getpid(), .memory = memory,
				   .bounce_pages = pages };
	/*
	 * MAP_POPULATE, because the driver copies to it while it holds locks,
	 * and a first use would change the charge of the memory cgroup.
	 */
	device->bounce = mmap(NULL, size, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (device->bounce == MAP_FAILED)
		not_prepared("no memory for the bounce buffer of a device");
	/* A child does not use it, and sharing it would only cause copies. */
	if (madvise(device->bounce, size, MADV_DONTFORK))
		syscall_failed("MADV_DONTFORK", errno);
}

void device_open(struct device *device, enum place memory, size_t pages)
{
	make_bounce(device, memory, pages);
	device->fd = open_node(device_node(memory));
}

void device_open_to_look(struct device *device, enum place memory, size_t pages)
{
	make_bounce(device, memory, pages);
	device->look_fd = open_node(device_node(PLACE_PRIVATE) + 1);
}

void device_share(struct device *device, struct device *open, size_t pages)
{
	make_bounce(device, open->memory, pages);
	device->fd = fcntl(device_file(open), F_DUPFD_CLOEXEC, 0);
	if (device->fd < 0)
		syscall_failed("F_DUPFD_CLOEXEC", errno);
}

void device_open_second_private(struct device *device, size_t pages)
{
	make_bounce(device, PLACE_PRIVATE, pages);
	device->fd = open_node(device_node(PLACE_PRIVATE) + 1);
}

void device_leave(struct device *device)
{
	held_files_add(device->fd);
	device_close(device);
}

void device_close(struct device *device)
{
	if (device->bounce)
		munmap(device->bounce, device->bounce_pages * sysconf(_SC_PAGESIZE));
	device->bounce = NULL;
	if (device->fd >= 0)
		close(device->fd);
	if (device->look_fd >= 0)
		close(device->look_fd);
}

/*
 * The header of trees before 6.19 does not have this command; the running
 * kernel may. Its number is ABI.
 */
#ifndef HMM_DMIRROR_FLAGS
#define HMM_DMIRROR_FLAGS _IOWR('H', 0x08, struct hmm_dmirror_cmd)
#define HMM_DMIRROR_FLAG_FAIL_ALLOC BIT_ULL(0)
#endif

void device_fail_allocation(struct device *device)
{
	int error = device_command(device, HMM_DMIRROR_FLAGS, device->bounce,
				   HMM_DMIRROR_FLAG_FAIL_ALLOC);

	if (error)
		syscall_failed("HMM_DMIRROR_FLAGS", -error);
}

/* Set a flag that no driver has. The flags belong to the open file. */
bool device_can_fail_allocation(void)
{
	struct device device;
	int error;

	device_open(&device, PLACE_COHERENT, 2);
	error = device_command(&device, HMM_DMIRROR_FLAGS, device.bounce,
			       HMM_DMIRROR_FLAG_FAIL_ALLOC << 1);
	device_close(&device);
	return error != -EINVAL || kernel_has(CHANGE_ALLOCATION_FAILS);
}
