/* SPDX-License-Identifier: GPL-2.0 */
/*
 * device_ranges.h - which page frames are on which device
 */
#ifndef HMM_COHERENT_DEVICE_RANGES_H
#define HMM_COHERENT_DEVICE_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "see/place.h"

/*
 * Find out which page frames each device has, from the driver's parameters
 * spm_addr_dev0 and spm_addr_dev1, and from /proc/iomem for the private
 * devices. Migration is under test, so nothing is migrated here. Prints a "#
 * fact:" line for each device.
 *
 * Ends the program with 4 if the driver is not loaded or has no coherent
 * devices, and with 3 if a range is proven to have no memory; the message says
 * what to do. Fails all tests (report_fail_all()) if the driver did not load
 * with valid ranges.
 */
void devices_probe(FILE *out);

/*
 * Prove through /dev/mem that there is memory at the physical @address, the
 * range of a device. Ends the program with 3 if there is none; prints a "#
 * fact:" line if it cannot be proven.
 */
void devices_prove(FILE *out, unsigned long address);

/*
 * The table that devices_probe() fills, for a copy to another process. @size
 * gets its size in bytes.
 */
void *devices_table(size_t *size);

/* The number N in /dev/hmm_dmirrorN of the device with @memory. */
int device_node(enum place memory);

/* How many pages a coherent device has. */
size_t device_pages(enum place memory);

/*
 * How many pages all devices with @memory have now. Reads /proc/iomem again: a
 * private device may have grown, see pfn_is_private().
 */
size_t device_pages_now(enum place memory);

/*
 * The place of the page frame @pfn: PLACE_COHERENT, PLACE_REMOTE or
 * PLACE_PRIVATE, or PLACE_NOWHERE if it is not on a device.
 */
enum place device_of_pfn(unsigned long pfn);

/*
 * Is the page frame @pfn, of an entry that is not present, on a private device?
 * Reads /proc/iomem again if it is on no device that is known: the driver adds a
 * chunk to a private device without free pages (dmirror_allocate_chunk()).
 */
bool pfn_is_private(unsigned long pfn);

#endif
