/* SPDX-License-Identifier: GPL-2.0 */
/*
 * dm_suspend.h - suspend a device-mapper device, so that the test decides when
 * a transfer completes
 *
 * A suspended device accepts bios, whose pages are referenced, and processes
 * them when it is resumed (dm_submit_bio(), drivers/md/dm.c). So a test of a
 * transfer in flight does not depend on the speed of the device.
 *
 * A test that dies while the device is suspended cannot exit, since its address
 * space waits for the transfer. Therefore a separate process, the resumer,
 * which shares no memory with the test, resumes the device when it is told to,
 * and after 20 s in any case.
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
	long began_ms;		/* monotonic clock */
	char kept[128];		/* the device, if the resumer is there for all suspensions */
};

/* Resume the block device @path, which a test that died may have left suspended. */
void dm_resume_left(const char *path);

/*
 * Suspend the block device @path: no transfer that is submitted from now on
 * completes. Returns false and does nothing if it is not a device-mapper device
 * or this process may not suspend it; transfers then take the time that the
 * device needs.
 */
bool dm_suspend(struct dm_suspension *suspension, const char *path);

/*
 * Start a resumer that stays, for a process that suspends the device often: to start one
 * takes longer than all else. dm_resume() then resumes the device itself. Returns false
 * and does nothing if dm_suspend() would.
 */
bool dm_keep_resumer(struct dm_suspension *suspension, const char *path);

/*
 * The test is broken if the resumer may already have resumed the device, so
 * that a transfer may have completed. Call it before a check that depends on
 * this. Does nothing if the device is not suspended.
 */
void dm_still_suspended(const struct dm_suspension *suspension);

/*
 * Resume the device, so that the waiting transfers complete. The test is broken
 * if that fails. Does nothing if the device is not suspended.
 */
void dm_resume(struct dm_suspension *suspension);

/*
 * main() of the resumer, which is this program started with DM_RESUMER and the
 * device's name @name. Returns its exit status.
 */
#define DM_RESUMER "--resume-device"
int dm_resumer(const char *name);

#endif
