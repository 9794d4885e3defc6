/* SPDX-License-Identifier: GPL-2.0 */
/*
 * dm_suspend.h - suspend a device-mapper device, so that a transfer completes
 * when the test says so
 *
 * A device that is suspended takes what is submitted to it, with its pages
 * referenced, and carries it out when it is resumed (dm_submit_bio(),
 * drivers/md/dm.c). So a test about a transfer in flight need not be faster
 * than any device.
 *
 * A test that dies while the device is suspended cannot exit: its address space
 * waits for the transfer. Therefore a process of its own, the resumer, which
 * shares nothing with the test, resumes the device when it is told to, and
 * after 15 s in any case.
 */
#ifndef HMM_COHERENT_DM_SUSPEND_H
#define HMM_COHERENT_DM_SUSPEND_H

#include <stdbool.h>
#include <sys/types.h>

#include "report/report.h"

struct dm_suspension {
	bool active;
	pid_t resumer;
	int tell;		/* a byte into it tells the resumer to resume */
};

/* Resume the block device @path, which a test that died may have left suspended. */
void dm_resume_left(const char *path);

/*
 * From here on nothing that is submitted to the block device @path completes.
 * False, and nothing happens, when it is no device of device-mapper or this
 * process may not suspend it: then it is as slow as it is.
 */
bool dm_suspend(struct dm_suspension *suspension, const char *path);

/*
 * What waited is carried out. Breaks the test when that does not work. Does
 * nothing when the device is not suspended.
 */
void dm_resume(struct dm_suspension *suspension);

/*
 * main() of the resumer: @argv of this program, which was started with
 * DM_RESUMER and the device's name. Returns its exit status.
 */
#define DM_RESUMER "--resume-device"
int dm_resumer(const char *name);

#endif
