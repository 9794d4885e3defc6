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
	const char *const *globs;	/* of names of tests; the last one is NULL */
	bool (*absent)(void);
	const char *why;
};

#if defined(__aarch64__)
/* No arm64 kernel selects HAVE_ARCH_SOFT_DIRTY (arch/arm64/Kconfig, up to 7.3). */
static bool no_soft_dirty(void)
{
	return !features.soft_dirty;
}

static const char *const soft_dirty[] = {
	"soft-dirty.*", "*.soft-dirty.*", "tracking.*.soft-dirty-*", "numa.*.huge-*",
	"trackers.*.soft-dirty-*", "trackers.*.huge-moved", "inherited.*.tracked-after-move",
	"huge-held.*.tracked", "merged.*.written-since", "mirror-told.*.soft-dirty-cleared",
	"next-access.*.store-after-clear-refs", "kept-marks.*-tracked", "swapped.*.tracked",
	"exclusive-meets.*.tracked", "huge-held.*.freed-and-split", "large.*.tracked-and-forked",
	NULL
};

static bool no_uffd_wp(void)
{
	return !features.uffd_wp && !kernel_has(CHANGE_UFFD_WP_ON_ARM64);
}

static const char *const uffd_wp[] = {
	"monitor.*", "monitor-shared.*", "uffd-*", "vma-flags.watched.*", "vma-flags.minor.*",
	"*.uffd-wp.*", "tracking.*.uffd-wp-*", "marks.*-protection.*", "mixed-huge.*",
	"huge-private.*.write-protected", "collapse-states.*", "collapse-shared.*.watched-hole",
	"collapse-shared.*.protected-by-uffd", "exclusive-meets.*.write-protected",
	"file-pages.*.protected-then-zapped", "inherited.*.filled-by-monitor",
	"inherited.*.freed-by-close", "inherited.*.unprotected-by-move", "ksm-meets.*protected",
	"mappings.*.watched-in-parts", "mappings.*.watched-beside-moved",
	"mirror-told.*.moved-by-monitor",
	"mirror-told.*.write-protected", "next-access.*.store-after-uffd-wp",
	"pagemap.*.scan-of-written", "pagemap.*.scan-protects-part",
	"soft-dirty.*.split-when-protected", "trackers.*.collected", "trackers.*.forked",
	"trackers.*.migrated", "trackers.*.protected", "trackers.*.read-only-used",
	"trackers.*.written-*", "hugetlb-watched.*.forked", "hugetlb-watched.*.hole",
	"hugetlb-watched.*.over-a-page-of-the-file", "hugetlb-watched.*.page",
	"hugetlb-watched.*.hole-changed", "hugetlb-watched.*.moved",
	"hugetlb-watched.*.unshared", "kept-marks.*-protected",
	"swapped.*.protected", "private-marks.*", "huge-held.*.forced",
	"huge-held.*.child-is-free", "mappings.*.remap-watched-first",
	"unprivileged.*.told-of-forks", "marks.*.watched",
	"huge-shared.*.protected-and-dropped", "huge-shared.*.watched-one-by-one",
	"swapped.*.protected-and-forked", "swapped.*.released-while-away", NULL
};

/* With pages of 64 KiB it has 512 MiB, twice as much as a device (DEVMEM_CHUNK_SIZE). */
static bool huge_is_too_large(void)
{
	const long size = read_number(THP "hpage_pmd_size");
	const size_t pages = device_pages(PLACE_COHERENT);

	return size > 0 && pages && size / features.page_size >= pages;
}

static const char *const huge[] = {
	"huge.*", "huge-shared.*", "huge-private.*", "mixed-huge.*", "cloned-huge.*",
	"uffd-move-huge.*", "collapse.*", "collapse-*", "joined-buffers.*", "large.*",
	"hugetlb.*", "hugetlb-watched.*", "hugetlb-mirrored.*", "destructive.huge-*",
	"numa.*.huge-*", "trackers.*.huge-*",
	"soft-dirty.*.split-when-*", "pagemap.*.huge-*", "pagemap.*.of-a-file",
	"pagemap.*.scan-protects-part", "monitor.*.huge-zero-page", "freed-huge.*",
	"long-ranges.*.of-huge-page", "huge-held.*", "dma-buf.*.of-hugetlb",
	"next-access-to.*.load-after-huge-moved", "uffd-fill.*.over-huge",
	"uffd-ranges.*.hugetlb-told", "hwpoison.*.of-hugetlb", NULL
};

static const struct lack lacks[] = {
	{ huge, huge_is_too_large, "a huge page of this kernel is larger than a device" },
	{ soft_dirty, no_soft_dirty, "arm64 has no soft-dirty bit" },
	{ uffd_wp, no_uffd_wp, "arm64 has no userfaultfd write protection before 6.10" },
};
#else
/* x86-64 has all that the tests know. */
static const char *const none[] = { NULL };
static const struct lack lacks[] = { { none, NULL, NULL } };
#endif

const char *architecture_lacks(const char *name)
{
	const char *const *glob;
	size_t i;

	/* These tests compare what the kernel should have with what it has. */
	if (!strncmp(name, "features.", strlen("features.")))
		return NULL;
	for (i = 0; i < ARRAY_SIZE(lacks); i++)
		for (glob = lacks[i].globs; *glob; glob++)
			if (!fnmatch(*glob, name, 0) && lacks[i].absent())
				return lacks[i].why;
	return NULL;
}
