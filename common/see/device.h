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

#include <stddef.h>
#include <stdio.h>

#include "see/page.h"

enum permission { NONE, READ_ONLY, READ_WRITE, PERMISSIONS };

const char *permission_name(enum permission permission);

struct device {
	int fd;
	enum place memory;	/* COHERENT, REMOTE or PRIVATE: what its pages are */
	unsigned char *bounce;	/* where the driver copies page data to and from */
	size_t bounce_pages;
};

/* One page as the driver sees it in the page table (HMM_DMIRROR_SNAPSHOT). */
struct snapshot {
	enum permission permission;
	/*
	 * NOWHERE, SYSTEM (memory of any zone), COHERENT, PRIVATE (this
	 * device's), REMOTE (another device's)
	 */
	enum place at;
	bool huge;
};

/*
 * Find out which page frames each device has, from what the driver was loaded
 * with: its parameters spm_addr_dev0 and spm_addr_dev1, and /proc/iomem for the
 * private devices. Migration is what the tests are about, so nothing is
 * migrated here. Prints a "# fact:" line each.
 *
 * Ends the program with 4 when the driver is not loaded or has no coherent
 * devices, and with 3 when a range provably has no memory behind it; each says
 * what to do. Dooms the suite (see suite.h) when the driver did not load with
 * ranges that are right.
 */
void devices_probe(FILE *out);

/*
 * Prove through /dev/mem that there is memory at the physical @address, where a
 * device has its range or is to get it. Ends the program with 3 when there is
 * none; prints a "# fact:" line when nobody can tell.
 */
void devices_prove(FILE *out, unsigned long address);

/*
 * The tables that devices_probe() fills, to be carried from one process to
 * another. Their size in bytes.
 */
void *devices_table(size_t *size);

/* The N of /dev/hmm_dmirrorN for the device with @memory. */
int device_node(enum place memory);

/*
 * Open the device whose pages are @memory, mirroring this process. Ends the
 * test when it cannot. @pages: the most that one call moves.
 */
void device_open(struct device *device, enum place memory, size_t pages);
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

/* How many pages a coherent device has. */
size_t device_pages(enum place memory);

/*
 * Which place is the page frame @pfn: COHERENT, REMOTE or PRIVATE, or NOWHERE
 * when it is on no device.
 */
enum place device_of_pfn(unsigned long pfn);

#endif
