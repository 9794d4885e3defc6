/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gate.h - a block device whose transfers land when the test says so
 *
 * A device-mapper device that is suspended takes what is submitted to it, with
 * its pages referenced, and carries it out when it is resumed (dm_submit_bio(),
 * drivers/md/dm.c). So a test about a transfer in flight need not be faster
 * than any device.
 *
 * A test that dies with the gate shut could not even exit: its address space
 * waits for the transfer. Therefore a keeper, a process of its own that shares
 * nothing with the test, opens the gate when it is told to, and by itself after
 * a while.
 */
#ifndef HMM_COHERENT_GATE_H
#define HMM_COHERENT_GATE_H

#include <stdbool.h>
#include <sys/types.h>

#include "report/report.h"

struct gate {
	bool shut;
	pid_t keeper;
	int tell;		/* a byte into it tells the keeper to open */
};

/* Open the gate of @path, which a test that died may have left shut. */
void gate_reset(const char *path);

/*
 * From here on nothing that is submitted to the block device @path completes.
 * False, and nothing happens, when it is no device of device-mapper or this
 * process may not suspend it: then it is as slow as it is.
 */
bool gate_close(struct gate *gate, const char *path);

/*
 * What was held up is carried out. Breaks the test when that does not work.
 * Does nothing when the gate is open.
 */
void gate_open(struct gate *gate);

/*
 * main() of the keeper: @argv of this program, which was started with
 * GATE_KEEPER and the device's name. Returns its exit status.
 */
#define GATE_KEEPER "--keep-gate"
int gate_keeper(const char *name);

#endif
