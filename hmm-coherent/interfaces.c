// SPDX-License-Identifier: GPL-2.0
/*
 * The files by which tests decide whether the kernel has something
 *
 * A test of a missing interface is skipped. A kernel that loses the interface,
 * although its configuration has what provides it, must fail here.
 */
#include "suite/harness.h"

#include <stdio.h>
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
	const char *word;	/* that the file contains, NULL: any */
	const char *option;	/* of the kernel's command line, which decides about it, too */
};

#define VARIANT(name, config_line, file) \
	FIXTURE_VARIANT_ADD(interfaces, name) { .config = config_line, .path = file }

#define THP_ENABLED "/sys/kernel/mm/transparent_hugepage/enabled"
#define THP_OPTION "transparent_hugepage="
#define CONTROLLERS "/sys/fs/cgroup/cgroup.controllers"

#define WORD(name, config_line, file, text, parameter) \
	FIXTURE_VARIANT_ADD(interfaces, name) { \
		.config = config_line, .path = file, .word = text, .option = parameter }

VARIANT(gup_test, "CONFIG_GUP_TEST", "/sys/kernel/debug/gup_test");
VARIANT(ksm, "CONFIG_KSM", "/sys/kernel/mm/ksm/run");
VARIANT(swap, "CONFIG_SWAP", "/proc/swaps");
VARIANT(huge_pages, "CONFIG_TRANSPARENT_HUGEPAGE",
	"/sys/kernel/mm/transparent_hugepage/hpage_pmd_size");
WORD(huge_always, "CONFIG_TRANSPARENT_HUGEPAGE_ALWAYS", THP_ENABLED, "[always]", THP_OPTION);
WORD(huge_on_advice, "CONFIG_TRANSPARENT_HUGEPAGE_MADVISE", THP_ENABLED, "[madvise]", THP_OPTION);
WORD(memcg, "CONFIG_MEMCG", CONTROLLERS, "memory", "cgroup_disable=");
WORD(cpuset, "CONFIG_CPUSETS", CONTROLLERS, "cpuset", "cgroup_disable=");
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
VARIANT(network, "CONFIG_INET", "/proc/net/tcp");
VARIANT(uprobes, "CONFIG_UPROBE_EVENTS", "/sys/bus/event_source/devices/uprobe/type");
VARIANT(xfs, "CONFIG_XFS_FS", "/sys/fs/xfs");
VARIANT(btrfs, "CONFIG_BTRFS_FS", "/sys/fs/btrfs");
VARIANT(core_dumps, "CONFIG_COREDUMP", "/proc/sys/kernel/core_pattern");

FIXTURE_SETUP(interfaces)
{
	self->unused = 0;
}

FIXTURE_TEARDOWN(interfaces)
{
}

/* Does the file @path have @text in its first line? */
static bool first_line_has(const char *path, const char *text)
{
	FILE *file = fopen(path, "r");
	char line[4096];
	bool has = file && fgets(line, sizeof(line), file) && strstr(line, text);

	if (file)
		fclose(file);
	return has;
}

SCENARIO(interfaces, exist, "what the kernel is configured with has its file")
{
	const char *path = variant->path;
	const bool exists = variant->word ? first_line_has(path, variant->word) :
					    !access(path, F_OK);
	char line[64];

	/* On another machine, a filesystem may not be mounted, or a setting may be changed. */
	need(exists || in_guest(), SKIP_NO_PROBE);
	need(exists || !variant->option || !first_line_has("/proc/cmdline", variant->option),
	     SKIP_ONLY_PROBE_TELLS);
	snprintf(line, sizeof(line), "%s=y", variant->config);
	need(exists || config_has_line(line) != ANSWER_UNKNOWN, SKIP_ONLY_PROBE_TELLS);
	set_rule(RULE_FEATURES_AS_KNOWN);
	expect(exists || config_has_line(line) == ANSWER_NO, "the kernel has %s and no %s%s%s",
	       line, path, variant->word ? " with " : "", variant->word ? variant->word : "");
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_interfaces", argc, argv);
}
