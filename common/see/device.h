/* SPDX-License-Identifier: GPL-2.0 */
/*
 * device.h - test_hmm's device nodes: migration, snapshot, and the device's own
 * accesses
 *
 * lib/test_hmm.c mirrors the address space of whoever opened the node. Closing
 * any file of a device migrates everybody's pages on that device back to
 * memory, so a test opens each node once and children open none.
 */
#ifndef HMM_COHERENT_DEVICE_H
#define HMM_COHERENT_DEVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "report/compiler.h"
#include "see/place.h"

enum permission { PERM_NONE, PERM_RO, PERM_RW, PERM_COUNT };

const char *permission_name(enum permission permission);

struct device {
	int fd;
	enum place memory; /* PLACE_COHERENT, PLACE_REMOTE or PLACE_PRIVATE: what its pages are */
	unsigned char *bounce;	/* where the driver copies page data to and from */
	size_t bounce_pages;
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
 * Open the device whose pages are @memory, mirroring this process. Ends the
 * test when it cannot. @pages: the most that one call moves.
 */
void device_open(struct device *device, enum place memory, size_t pages);

/*
 * The same of the second device with private memory, which is another owner of
 * its pages. pagemap calls the pages of both PLACE_PRIVATE; each driver's
 * snapshot shows those of its own device only (dmirror_device_init(),
 * lib/test_hmm.c).
 */
void device_open_second_private(struct device *device, size_t pages);
void device_close(struct device *device);

/*
 * Migrate @npages pages at @addr to the device, or back to memory. Returns 0 or
 * -errno. That is not proof of anything (see RULES of the driver: it says
 * ENOENT or 0 after a migration that moved nothing, depending on what it had
 * cached): look at the pages.
 */
int device_migrate_to(struct device *device, const void *addr, size_t npages) __must_check;
int device_migrate_back(struct device *device, const void *addr, size_t npages) __must_check;

/*
 * The same for who looks at the pages afterwards, which is the rule: 0 and
 * -ENOENT are as good as each other then. Any other errno of these legal calls
 * fails the test.
 */
void device_move_to(struct device *device, const void *addr, size_t npages);
void device_move_back(struct device *device, const void *addr, size_t npages);

/*
 * The device reads or writes @npages pages at @addr through its mirror, into or
 * out of device->bounce. Returns 0 or -errno.
 */
int device_read(struct device *device, const void *addr, size_t npages) __must_check;
int device_write(struct device *device, const void *addr, size_t npages) __must_check;

/* Look at one page. Does not change it. */
struct snapshot device_snapshot(struct device *device, const void *addr) __must_check;

/*
 * One of the driver's rarer commands (HMM_DMIRROR_* of lib/test_hmm_uapi.h) for
 * @npages pages at @addr. Returns 0 or -errno; -EINVAL when this kernel's
 * driver does not know it (dmirror_fops_unlocked_ioctl()).
 */
int device_command(struct device *device, unsigned long request, const void *addr,
		   size_t npages) __must_check;

#endif
