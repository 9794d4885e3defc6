// SPDX-License-Identifier: GPL-2.0
#include "suite/architecture.h"

#include <fnmatch.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "kernel/kernel.h"
#include "kernel/since.h"
#include "report/compiler.h"
#include "see/device_ranges.h"
#include "story/huge.h"

/*
 * A probe that fails does not say whether the architecture or the configuration
 * is the reason: the row names the architecture, and the release that changed it.
 */
struct lack {
	const char *glob;
	bool (*absent)(void);
	const char *why;
};

#if defined(__aarch64__)
#define NO_SOFT_DIRTY "arm64 has no soft-dirty bit"
#define HUGE_TOO_LARGE "a huge page of this kernel is larger than a device"
#define NO_UFFD_WP "arm64 has no userfaultfd write protection before 6.10"

/* No arm64 kernel selects HAVE_ARCH_SOFT_DIRTY (arch/arm64/Kconfig, up to 7.3). */
static bool no_soft_dirty(void)
{
	return !features.soft_dirty;
}

static bool no_uffd_wp(void)
{
	return !features.uffd_wp && !kernel_has(CHANGE_UFFD_WP_ON_ARM64);
}

/* With pages of 64 KiB it has 512 MiB, twice as much as a device (DEVMEM_CHUNK_SIZE). */
static bool huge_is_too_large(void)
{
	const long size = read_number(THP "hpage_pmd_size");
	const size_t pages = device_pages(PLACE_COHERENT);

	return size > 0 && pages && size / features.page_size >= pages;
}

static const struct lack lacks[] = {
	{ "huge.*", huge_is_too_large, HUGE_TOO_LARGE },
	{ "huge-shared.*", huge_is_too_large, HUGE_TOO_LARGE },
	{ "huge-private.*", huge_is_too_large, HUGE_TOO_LARGE },
	{ "mixed-huge.*", huge_is_too_large, HUGE_TOO_LARGE },
	{ "cloned-huge.*", huge_is_too_large, HUGE_TOO_LARGE },
	{ "uffd-move-huge.*", huge_is_too_large, HUGE_TOO_LARGE },
	{ "collapse.*", huge_is_too_large, HUGE_TOO_LARGE },
	{ "collapse-*", huge_is_too_large, HUGE_TOO_LARGE },
	{ "joined-buffers.*", huge_is_too_large, HUGE_TOO_LARGE },
	{ "large.*", huge_is_too_large, HUGE_TOO_LARGE },
	{ "hugetlb.*", huge_is_too_large, HUGE_TOO_LARGE },
	{ "destructive.huge-*", huge_is_too_large, HUGE_TOO_LARGE },
	{ "numa.*.huge-*", huge_is_too_large, HUGE_TOO_LARGE },
	{ "trackers.*.huge-*", huge_is_too_large, HUGE_TOO_LARGE },
	{ "soft-dirty.*.split-when-*", huge_is_too_large, HUGE_TOO_LARGE },
	{ "pagemap.*.huge-*", huge_is_too_large, HUGE_TOO_LARGE },
	{ "pagemap.*.of-a-file", huge_is_too_large, HUGE_TOO_LARGE },
	{ "pagemap.*.scan-protects-part", huge_is_too_large, HUGE_TOO_LARGE },
	{ "monitor.*.huge-zero-page", huge_is_too_large, HUGE_TOO_LARGE },
	{ "soft-dirty.*", no_soft_dirty, NO_SOFT_DIRTY },
	{ "*.soft-dirty.*", no_soft_dirty, NO_SOFT_DIRTY },
	{ "tracking.*.soft-dirty-*", no_soft_dirty, NO_SOFT_DIRTY },
	{ "next-access.*.store-after-clear-refs", no_soft_dirty, NO_SOFT_DIRTY },
	{ "monitor.*", no_uffd_wp, NO_UFFD_WP },
	{ "*.uffd-wp.*", no_uffd_wp, NO_UFFD_WP },
	{ "tracking.*.uffd-wp-*", no_uffd_wp, NO_UFFD_WP },
	{ "next-access.*.store-after-uffd-wp", no_uffd_wp, NO_UFFD_WP },
};
#else
/* x86-64 has all that the tests know. */
static const struct lack lacks[] = { { NULL, NULL, NULL } };
#endif

const char *architecture_lacks(const char *name)
{
	size_t i;

	/* These tests compare what the kernel should have with what it has. */
	if (!strncmp(name, "features.", strlen("features.")))
		return NULL;
	for (i = 0; i < ARRAY_SIZE(lacks); i++)
		if (lacks[i].glob && !fnmatch(lacks[i].glob, name, 0) && lacks[i].absent())
			return lacks[i].why;
	return NULL;
}
