/* SPDX-License-Identifier: GPL-2.0 */
/*
 * device.h - test_hmm's device nodes: migration, snapshot, and accesses by the
 * device
 *
 * lib/test_hmm.c mirrors the address space of the process that opened the node.
 * Closing any file of a device migrates the pages of all processes on that
 * device back to memory. So a test opens each node once, and its children open
 * none.
 */
#ifndef HMM_COHERENT_DEVICE_H
#define HMM_COHERENT_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "report/compiler.h"
#include "see/place.h"

enum permission { PERM_NONE, PERM_RO, PERM_RW, PERM_COUNT };

const char *permission_name(enum permission permission);

struct device {
	int fd;			/* see device_file() */
	int look_fd;		/* see device_open_to_look(), or -1 */
	pid_t opener;		/* the process that it mirrors */
	enum place memory; /* PLACE_COHERENT, PLACE_REMOTE or PLACE_PRIVATE: what its pages are */
	unsigned char *bounce;	/* the driver copies page data to and from it */
	size_t bounce_pages;
	unsigned long faults;	/* that the last read or write of the device needed */
};

/* One page as the driver sees it in the page table (HMM_DMIRROR_SNAPSHOT). */
struct snapshot {
	enum permission permission;
	/*
	 * PLACE_NOWHERE, PLACE_SYSTEM (memory of any zone), PLACE_COHERENT, PLACE_PRIVATE (this
	 * device's), PLACE_REMOTE (another device's)
	 */
	enum place at;
	bool huge;
};

/*
 * Open the device whose pages are @memory; it mirrors this process. Ends the
 * test if that fails. @pages: the most that one call can move.
 */
void device_open(struct device *device, enum place memory, size_t pages);

/*
 * Open the second device with private memory, which has another pgmap owner.
 * pagemap shows the pages of both as PLACE_PRIVATE; the snapshot of each device
 * shows only its own pages (dmirror_device_init(), lib/test_hmm.c).
 */
void device_open_second_private(struct device *device, size_t pages);

/*
 * Like device_open(), for pages in memory, at which the tests only look as a
 * rule. Snapshots are made by the second device with private memory, which in
 * most programs has none yet, so that closing its file takes no time (see
 * device_share()). Any other command opens the device itself, as does a
 * snapshot of a page that is on a device.
 */
void device_open_to_look(struct device *device, enum place memory, size_t pages);

/*
 * The file of the device, which is opened if it is not open yet. Only in the
 * process that the device mirrors: fails the test as broken in another one.
 */
int device_file(struct device *device);

/*
 * Use the file of a device that is @open, for as many as @pages pages in one
 * call. The driver looks at each of its pages when a file is closed for the
 * last time, which takes as long as a short test (dmirror_fops_release()), so
 * do not open a second file without need.
 */
void device_share(struct device *device, struct device *open, size_t pages);
void device_close(struct device *device);

/*
 * As device_close(), of a device that has no pages of the test any more. In a VM
 * of the suite another process may keep the file open (held_files.h).
 */
void device_leave(struct device *device);

/*
 * Migrate @npages pages at @addr to the device, or back to memory. Returns 0 or
 * -errno. The result does not say which pages moved: after a migration that
 * moved nothing, the driver returns -ENOENT or 0, depending on what it had
 * cached. Look at the pages.
 */
int device_migrate_to(struct device *device, const void *addr, size_t npages) __must_check;
int device_migrate_back(struct device *device, const void *addr, size_t npages) __must_check;

/*
 * The same for a caller that looks at the pages afterwards, as most do: 0 and
 * -ENOENT are both accepted. Any other errno fails the test.
 */
void device_move_to(struct device *device, const void *addr, size_t npages);
void device_move_back(struct device *device, const void *addr, size_t npages);

/*
 * Let the device read @npages pages at @addr through its mirror into
 * device->bounce, or write them from there. Returns 0 or -errno.
 */
int device_read(struct device *device, const void *addr, size_t npages) __must_check;
int device_write(struct device *device, const void *addr, size_t npages) __must_check;

/* The driver's view of one page. Does not change the page. */
struct snapshot device_snapshot(struct device *device, const void *addr) __must_check;

/* The same for @npages pages, in one call. */
void device_snapshots(struct device *device, const void *addr, size_t npages,
		      struct snapshot *snapshots);

/*
 * How many of @npages pages at @addr are on this device, in the driver's view.
 * It also knows the pages of chunks that it has allocated since the program
 * began, which pagemap shows at a place that the suite does not know.
 */
size_t device_count_local(struct device *device, const void *addr, size_t npages) __must_check;

/*
 * Issue a command of the driver (HMM_DMIRROR_* of lib/test_hmm_uapi.h) for
 * @npages pages at @addr. Returns 0 or -errno; -EINVAL if the driver of this
 * kernel does not have the command (dmirror_fops_unlocked_ioctl()).
 */
int device_command(struct device *device, unsigned long request, const void *addr,
		   size_t npages) __must_check;

/* Let the driver's next allocation of a page for a migration fail. */
void device_fail_allocation(struct device *device);

/* Can the driver do that? Otherwise WHY_NOT() returns NO_FAILING_ALLOCATION. */
bool __must_check device_can_fail_allocation(void);
#define NO_FAILING_ALLOCATION "test_hmm of this kernel has no HMM_DMIRROR_FLAGS (6.19)"

#endif
