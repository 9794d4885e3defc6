/* SPDX-License-Identifier: GPL-2.0 */
/*
 * device_ranges.h - which page frames are on which device
 */
#ifndef HMM_COHERENT_DEVICE_RANGES_H
#define HMM_COHERENT_DEVICE_RANGES_H

#include <stddef.h>
#include <stdio.h>

#include "see/place.h"

/*
 * Find out which page frames each device has, from what the driver was loaded
 * with: its parameters spm_addr_dev0 and spm_addr_dev1, and /proc/iomem for the
 * private devices. Migration is what the tests are about, so nothing is
 * migrated here. Prints a "# fact:" line each.
 *
 * Ends the program with 4 when the driver is not loaded or has no coherent
 * devices, and with 3 when a range provably has no memory behind it; each says
 * what to do. Fails all tests (report_fail_all()) when the driver did not load with
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

/* How many pages a coherent device has. */
size_t device_pages(enum place memory);

/*
 * Which place is the page frame @pfn: PLACE_COHERENT, PLACE_REMOTE or
 * PLACE_PRIVATE, or PLACE_NOWHERE when it is on no device.
 */
enum place device_of_pfn(unsigned long pfn);

#endif
