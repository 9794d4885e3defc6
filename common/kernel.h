/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kernel.h - what the running kernel and this machine can do
 *
 * Probed by use wherever a probe does not depend on the very behaviour under test; from the kernel's version where it would.
 */
#ifndef HMM_COHERENT_KERNEL_H
#define HMM_COHERENT_KERNEL_H

#include <stdbool.h>
#include <stdio.h>

struct features {
	char release[65];
	int version;		/* of the kernel: 6.12 is 612 */
	int sublevel;		/* 6.12.117 is 117; 0 when the release does not say */
	size_t page_size;	/* bytes */
	bool gup_test;		/* /sys/kernel/debug/gup_test can be opened */
	bool pin_stays;		/* gup_test has PIN_LONGTERM_TEST_START: pins that outlive the ioctl */
	bool dio_pins;		/* O_DIRECT takes FOLL_PIN references on user pages, not FOLL_GET ones */
	bool uffd_wp;		/* userfaultfd write protection of anonymous memory */
	bool soft_dirty;	/* pagemap bit 55 follows writes */
	bool mem_force;		/* /proc/PID/mem may write through a read-only mapping without a tracer */
	bool movable;		/* some memory of this machine is ZONE_MOVABLE */
	unsigned int foll_write, foll_force, foll_longterm;	/* raw FOLL_ numbers for gup_test */
};

extern struct features features;

/* Probe everything, and print a "# fact:" line each to @out. Ends the program with 3 when what every test needs is missing. */
void features_probe(FILE *out);

/* Write @text to the file @path. Returns 0 or -errno. */
int write_text(const char *path, const char *text);

/* Look every few milliseconds whether @holds(@arg), for at most @seconds. Returns whether it did. */
bool wait_until(bool (*holds)(void *arg), void *arg, int seconds);

/* The decimal number that the file @path begins with, or -1. */
long read_number(const char *path);

/* The value after "@key " at the start of a line of the file @path (such as /proc/vmstat), or -1. */
long read_counter(const char *path, const char *key);

#endif
