/* SPDX-License-Identifier: GPL-2.0 */
/* scan.h - PAGEMAP_SCAN, which linux/fs.h has since 6.7 */
#ifndef HMM_COHERENT_SCAN_H
#define HMM_COHERENT_SCAN_H

#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/types.h>
#include <stdbool.h>

#include "report/compiler.h"

/* The headers may be older than the running kernel. */
#ifndef PAGEMAP_SCAN
struct page_region {
	__u64 start;
	__u64 end;
	__u64 categories;
};

struct pm_scan_arg {
	__u64 size;
	__u64 flags;
	__u64 start;
	__u64 end;
	__u64 walk_end;
	__u64 vec;
	__u64 vec_len;
	__u64 max_pages;
	__u64 category_inverted;
	__u64 category_mask;
	__u64 category_anyof_mask;
	__u64 return_mask;
};

#define PAGEMAP_SCAN _IOWR('f', 16, struct pm_scan_arg)
#define PAGE_IS_WRITTEN BIT(1)
#define PAGE_IS_FILE BIT(2)
#define PAGE_IS_PRESENT BIT(3)
#define PAGE_IS_SWAPPED BIT(4)
#define PAGE_IS_PFNZERO BIT(5)
#define PAGE_IS_HUGE BIT(6)
#define PM_SCAN_WP_MATCHING BIT(0)
#endif

/* Scan this process's pages. Returns the number of regions, or -errno. */
long pages_scan(struct pm_scan_arg *scan) __must_check;

/* Does the kernel have the ioctl, or must it have it by its version (6.7)? */
bool scan_available(void);

#endif
