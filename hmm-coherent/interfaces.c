// SPDX-License-Identifier: GPL-2.0
/*
 * The files by which tests decide whether the kernel has something
 *
 * A test of a missing interface is skipped. A kernel that loses the interface,
 * although its configuration has what provides it, must fail here.
 */
#include "suite/harness.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "kernel/config.h"
#include "report/report.h"

FIXTURE(interfaces)
{
	int unused;
};

FIXTURE_VARIANT(interfaces)
{
	const char *config;	/* the line of .config without "=y" */
	const char *path;
};

#define VARIANT(name, config_line, file) \
	FIXTURE_VARIANT_ADD(interfaces, name) { .config = config_line, .path = file }

VARIANT(gup_test, "CONFIG_GUP_TEST", "/sys/kernel/debug/gup_test");
VARIANT(ksm, "CONFIG_KSM", "/sys/kernel/mm/ksm/run");
VARIANT(swap, "CONFIG_SWAP", "/proc/swaps");
VARIANT(huge_pages, "CONFIG_TRANSPARENT_HUGEPAGE",
	"/sys/kernel/mm/transparent_hugepage/hpage_pmd_size");
VARIANT(hugetlb, "CONFIG_HUGETLBFS", "/proc/sys/vm/nr_hugepages");
VARIANT(failing_calls, "CONFIG_FAULT_INJECTION", "/proc/self/fail-nth");
VARIANT(failing_slabs, "CONFIG_FAILSLAB", "/sys/kernel/debug/failslab/verbose");
VARIANT(failing_pages, "CONFIG_FAIL_PAGE_ALLOC", "/sys/kernel/debug/fail_page_alloc/verbose");
VARIANT(failing_copies, "CONFIG_FAULT_INJECTION_USERCOPY",
	"/sys/kernel/debug/fail_usercopy/verbose");
VARIANT(soft_offline, "CONFIG_MEMORY_FAILURE", "/sys/devices/system/memory/soft_offline_page");
VARIANT(numa, "CONFIG_NUMA", "/proc/self/numa_maps");
VARIANT(balancing, "CONFIG_NUMA_BALANCING", "/proc/sys/kernel/numa_balancing");
VARIANT(iommufd, "CONFIG_IOMMUFD", "/dev/iommu");
VARIANT(udmabuf, "CONFIG_UDMABUF", "/dev/udmabuf");
VARIANT(core_dumps, "CONFIG_COREDUMP", "/proc/sys/kernel/core_pattern");

FIXTURE_SETUP(interfaces)
{
	self->unused = 0;
}

FIXTURE_TEARDOWN(interfaces)
{
}

SCENARIO(interfaces, exist, "what the kernel is configured with has its file")
{
	const bool exists = !access(variant->path, F_OK);
	char line[64];

	/* On another machine, a filesystem may not be mounted. */
	need(exists || in_guest(), SKIP_NO_PROBE);
	snprintf(line, sizeof(line), "%s=y", variant->config);
	need(exists || config_has_line(line) != ANSWER_UNKNOWN, SKIP_ONLY_PROBE_TELLS);
	set_rule(RULE_FEATURES_AS_KNOWN);
	expect(exists || config_has_line(line) == ANSWER_NO, "the kernel has %s and no %s: %s",
	       line, variant->path, strerror(errno));
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_interfaces", argc, argv);
}
