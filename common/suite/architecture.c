// SPDX-License-Identifier: GPL-2.0
#include "suite/architecture.h"

#include <fnmatch.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "kernel/kernel.h"
#include "kernel/since.h"
#include "report/compiler.h"

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

static const struct lack lacks[] = {
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
