/* SPDX-License-Identifier: GPL-2.0 */
/* hugetlb.h - hugetlb pages for one test */
#ifndef HMM_COHERENT_HUGETLB_H
#define HMM_COHERENT_HUGETLB_H

#include "kernel/kernel.h"
#include "kernel/restore.h"
#include "report/report.h"
#include "see/counters.h"
#include "story/huge.h"

#define NR_HUGEPAGES "/proc/sys/vm/nr_hugepages"

/* Bytes of a hugetlb page of the default size. */
static inline size_t hugetlb_size(void)
{
	return read_counter("/proc/meminfo", "Hugepagesize") * 1024;
}

/*
 * Add @more hugetlb pages to the pool until the end of the test, or skip it. A page with a
 * hardware error stays allocated: it is a surplus page when the pool was reduced, and part of the
 * pool when that grows again.
 */
static inline void hugetlb_reserve(long more)
{
	const long before = read_number(NR_HUGEPAGES),
		   lost = read_counter("/proc/meminfo", "HugePages_Surp"),
		   wanted = before + more + (lost > 0 ? lost : 0);

	need(before >= 0, SKIP_NO_HUGETLB);
	change_setting(NR_HUGEPAGES, wanted);
	if (read_number(NR_HUGEPAGES) < wanted)
		huge_memory_refused("pages of hugetlb");
}

#endif
