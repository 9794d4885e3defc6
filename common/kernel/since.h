/* SPDX-License-Identifier: GPL-2.0 */
/*
 * since.h - which kernels have a change, by their version
 *
 * For what must not be found out by trying it: because that is the behaviour
 * under test, so that a kernel which lost it would change the expectation along
 * with it, or because the kernel would not survive the attempt. One row a
 * change, with the commit.
 */
#ifndef HMM_COHERENT_SINCE_H
#define HMM_COHERENT_SINCE_H

#include <stdbool.h>
#include <stdio.h>

#include "kernel/kernel.h"

enum kernel_change {
	/*
	 * closing a file of test_hmm brings the device's pages back to memory
	 */
	CHANGE_CLOSE_EVICTS,
	CHANGE_DEAD_MIRROR_ENDS, /* a device's access by the file of a process that is gone ends */
	/*
	 * a long-term pin that moves a page holds on to what rmap walks for it
	 */
	CHANGE_PIN_KEEPS_ANON_VMA,
	/*
	 * migration to a device looks again at a page that it took out of the
	 * swap cache
	 */
	CHANGE_SWAP_CACHE_READ_AGAIN,
	CHANGE_SWAP_CACHE_ASKED, /* migration to a device takes a page out of the swap cache */
	CHANGE_NO_COUNT_OFFSET,	 /* a device page has no reference more than its users */
	CHANGE_SCAN_OF_PAGEMAP,	 /* PAGEMAP_SCAN */
	CHANGE_EXCLUSIVE_ENDS_CLEAN, /* a page is not soft-dirty because exclusive access ended */
	CHANGE_SINGLE_IS_PRESENT, /* pagemap: what is not present is not mapped exclusively */
	CHANGE_UFFD_MOVE,	 /* UFFDIO_MOVE, where there is userfaultfd */
	CHANGE_CLONE_BUFFERS,	 /* IORING_REGISTER_CLONE_BUFFERS */
	CHANGE_CLONE_AT_OFFSET,	 /* a part of the registered buffers can be cloned */
	CHANGE_LONGTERM_NOT_OF_FILE, /* GUP refuses long-term pins to write to files */
	CHANGE_MIXED_SOURCES,	 /* a registered buffer may have pages of several files */
	CHANGE_HUGE_AS_ADVISED,	 /* MADV_NOHUGEPAGE holds for huge pages that are there already */
	CHANGE_ALLOCATION_FAILS, /* HMM_DMIRROR_FLAGS: test_hmm can be told to fail an allocation */
	CHANGE_FOLL_NUMBERS,	/* FOLL_FORCE is 0x08 and FOLL_LONGTERM 0x100 */
	CHANGE_LONGTERM_OWN_PAGE, /* a long-term pin does not take the shared zero page */
	CHANGE_PIN_STAYS,	/* gup_test has PIN_LONGTERM_TEST_START */
	CHANGE_DIO_PINS,	/* O_DIRECT takes FOLL_PIN references, not FOLL_GET ones */
	CHANGE_HUGETLB_FORCED,	 /* FOLL_FORCE writes to private hugetlb memory without VM_WRITE */
	CHANGE_COUNT
};

/*
 * Does the running kernel have the change? Where its version does not say, the
 * row's own answer counts: see common/kernel/since.c. Takes features.version, so only
 * after features_probe().
 */
bool kernel_has(enum kernel_change change);

/*
 * The same without the row's own answer: ANSWER_UNKNOWN where the version does
 * not say. For what a probe finds out then (suite/features.c).
 */
enum answer kernel_version_says(enum kernel_change change);

/*
 * For a test that a kernel without @change may not survive: skip() it there. In
 * a VM that was booted for such tests (HMM_COHERENT_APART, see runner/work.py)
 * it runs whatever the version says, since the version of a tree says little.
 */
void need_survives(enum kernel_change change);

/* Was this machine booted for tests that may bring it down? */
bool machine_is_apart(void);

/* A "# fact: change NAME yes|no|unknown" line for each. */
void changes_print(FILE *out);

#endif
