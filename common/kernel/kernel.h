/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kernel.h - features of the running kernel and this machine; files in /proc
 * and /sys that contain numbers
 *
 * The kernel's version, its configuration or the existence of an interface
 * decides whether it has a feature that a test or a rule depends on
 * (suite/features.c). A probe of its behaviour decides only if nothing else
 * does: otherwise a kernel that lost the behaviour would also change the
 * expectation.
 */
#ifndef HMM_COHERENT_KERNEL_H
#define HMM_COHERENT_KERNEL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "report/compiler.h"

struct features {
	char release[65];
	int version;		/* of the kernel: 6.12 is 612 */
	int sublevel;		/* 6.12.117 is 117; 0 when the release does not say */
	size_t page_size;	/* bytes */
	bool gup_test;		/* /sys/kernel/debug/gup_test can be opened */
	/* gup_test has PIN_LONGTERM_TEST_START: pins that outlive the ioctl */
	bool pin_stays;
	/*
	 * O_DIRECT takes FOLL_PIN references on user pages, not FOLL_GET ones
	 */
	bool dio_pins;
	bool uffd_wp;		/* userfaultfd write protection of anonymous memory */
	bool soft_dirty;	/* pagemap bit 55 follows writes */
	/*
	 * /proc/PID/mem may write through a read-only mapping without a tracer
	 */
	bool mem_force;
	bool movable;		/* some memory of this machine is ZONE_MOVABLE */
	unsigned int foll_write, foll_force, foll_longterm;	/* raw FOLL_ numbers for gup_test */
};

/* Set by suite/features.c. */
extern struct features features;

/* Whether the kernel has a feature, as its version, configuration or interface or a probe says. */
enum answer { ANSWER_NO, ANSWER_YES, ANSWER_UNKNOWN };

/* The result of a system call, or -errno if it failed. */
static inline long errno_of(long result)
{
	return result < 0 ? -errno : result;
}

/* Milliseconds of the monotonic clock, to measure times. */
long now_ms(void);

/* The same in seconds, with their fraction. */
double now_s(void);

/* Write @text to the file @path. Returns 0 or -errno. */
int write_text(const char *path, const char *text) __must_check;

/* End swapping to the file @path. Returns 0 or -errno. */
int swap_end(const char *path) __must_check;

/*
 * Call @is_done(@arg) every few milliseconds until it returns true, for at most
 * @seconds. Returns whether it did.
 */
bool wait_until(bool (*is_done)(void *arg), void *arg, int seconds) __must_check;

/*
 * Wait for the end of the child process @pid, for at most @seconds. Returns
 * whether it has ended; *@status is its wait status then, and is unchanged
 * otherwise.
 */
bool wait_for_end(pid_t pid, int *status, int seconds) __must_check;

/* Bind this process, and those that it makes from now on, to the CPU on which it runs. */
void stay_on_this_cpu(void);

/* The decimal number at the beginning of the file @path, or -1. */
long read_number(const char *path) __must_check;

/*
 * Wait until the number at the beginning of the file @path is at least @least,
 * for at most @seconds. Returns whether it is.
 */
bool wait_for_number(const char *path, long least, int seconds) __must_check;

/*
 * The value after "@key " at the start of a line of the file @path (such as
 * /proc/vmstat), or -1.
 */
long read_counter(const char *path, const char *key) __must_check;

#endif
