// SPDX-License-Identifier: GPL-2.0
#include "kernel/since.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "kernel/kernel.h"
#include "report/report.h"

/* From this point release on the branch has it: 6.12.86 is { 612, 86 }. */
struct point {
	int version, sublevel;
};

struct change {
	const char *name;
	const char *commit;
	/*
	 * The release of mainline that has it, 0 for none so far; and its first
	 * -rc, 0 where that was not looked up.
	 */
	int mainline, rc;
	/*
	 * A bug that the change mends came with this release: kernels before it
	 * do not need the change. 0: it was always there.
	 */
	int from;
	/*
	 * Branches that took it back. A branch that is not here may have it all
	 * the same, unless @only_mainline.
	 */
	struct point stable[4];
	bool only_mainline;
	/*
	 * A probe finds out what the version does not say: a tree between two
	 * releases still has the number of the older one, with no third number
	 * or with 0.
	 */
	bool is_probed;
	/*
	 * What kernel_has() says when the version does not: a release that does
	 * not parse, an -rc, a branch that is not listed.
	 */
	bool when_unknown;
	/* For need_survives(): of changes that a kernel does not survive without. */
	enum skip_id skip;
};

static const struct change changes[CHANGE_COUNT] = {
	[CHANGE_CLOSE_EVICTS] = {
		.name = "close-evicts",
		.commit = "744dd97752ef \"lib: test_hmm: evict device pages on file close to "
			  "avoid use-after-free\"",
		.mainline = 701, .stable = { { 601, 176 }, { 612, 86 }, { 700, 4 } },
		/*
		 * A test of eviction that is left out says so; one that runs on
		 * a driver without it would blame the kernel.
		 */
		.when_unknown = false,
	},
	[CHANGE_DEAD_MIRROR_ENDS] = {
		.name = "dead-mirror-ends",
		.commit = "\"lib/test_hmm: fail dmirror_fault() when the mirrored mm is gone\"",
		.mainline = 703, .rc = 7, .stable = { { 601, 192 }, { 612, 117 } },
		/* Nothing can kill a loop in the kernel. */
		.when_unknown = false,
		.skip = SKIP_DEAD_MIRROR_LOOP,
	},
	[CHANGE_PIN_KEEPS_ANON_VMA] = {
		.name = "pin-keeps-anon-vma",
		.commit = "none yet; see docs/findings.md, anon-vma-is-gone",
		/*
		 * 6.2 is the first whose GUP-fast lets go of mmap_lock before
		 * it moves pages (__gup_longterm_locked()).
		 */
		.from = 602,
		/* Memory that was freed is written to. */
		.when_unknown = false,
	},
	[CHANGE_SWAP_CACHE_READ_AGAIN] = {
		.name = "swap-cache-read-again",
		.commit = "6.12.117: __migrate_device_pages() reads folio_mapping() again after "
			  "folio_free_swap()",
		/*
		 * Before 6.6 the swap cache was not asked, so that there was
		 * nothing to read again.
		 */
		.mainline = 703, .rc = 7, .from = 606, .stable = { { 612, 117 } },
		/* A BUG that leaves page locks behind. */
		.when_unknown = false,
		.skip = SKIP_SWAP_CACHE_BUG,
	},
	[CHANGE_SWAP_CACHE_ASKED] = {
		.name = "swap-cache-asked",
		.commit = "\"mm/migrate_device: try to handle swapcache pages\"",
		.mainline = 606, .rc = 1, .only_mainline = true,
		/* What was built from a tree is newer than that. */
		.when_unknown = true,
	},
	/*
	 * Interfaces: what is missing is not applicable, unless the version
	 * says that it is there.
	 */
	[CHANGE_SCAN_OF_PAGEMAP] = {
		.name = "pagemap-scan",
		.commit = "52526ca7fdb9 \"fs/proc/task_mmu: implement IOCTL to get and optionally "
			  "clear info about PTEs\"",
		.mainline = 607, .rc = 1, .only_mainline = true,
	},
	[CHANGE_EXCLUSIVE_ENDS_CLEAN] = {
		.name = "exclusive-ends-clean",
		.commit = "c2f7f3bfa3ee \"mm/memory: detect writability in restore_exclusive_pte() "
			  "through can_change_pte_writable()\"",
		.mainline = 615, .rc = 1, .only_mainline = true,
	},
	[CHANGE_SINGLE_IS_PRESENT] = {
		.name = "single-is-present",
		.commit = "da7f31ed0f4f \"fs/proc/task_mmu: don't indicate PM_MMAP_EXCLUSIVE "
			  "without PM_PRESENT\"",
		.mainline = 611, .rc = 1, .only_mainline = true,
	},
	[CHANGE_UFFD_MOVE] = {
		.name = "uffd-move",
		.commit = "adef440691ba \"userfaultfd: UFFDIO_MOVE uABI\"",
		.mainline = 608, .rc = 1, .only_mainline = true,
	},
	[CHANGE_CLONE_BUFFERS] = {
		.name = "clone-buffers",
		.commit = "7cc2a6eadcd7 \"io_uring: add IORING_REGISTER_COPY_BUFFERS method\"",
		.mainline = 612, .rc = 1, .only_mainline = true,
	},
	[CHANGE_CLONE_AT_OFFSET] = {
		.name = "clone-at-offset",
		.commit = "b16e920a1909 \"io_uring/rsrc: allow cloning at an offset\"",
		.mainline = 613, .rc = 1, .only_mainline = true,
	},
	[CHANGE_LONGTERM_NOT_OF_FILE] = {
		.name = "longterm-not-of-file",
		.commit = "8ac268436e6d \"mm/gup: disallow FOLL_LONGTERM GUP-nonfast writing to "
			  "file-backed mappings\"",
		.mainline = 605, .rc = 1, .only_mainline = true,
		/* What was built from a tree is newer than that. */
		.when_unknown = true,
	},
	[CHANGE_MIXED_SOURCES] = {
		.name = "mixed-sources",
		.commit = "\"io_uring: rsrc: delegate VMA file-backed check to GUP\"",
		.mainline = 605, .rc = 1, .only_mainline = true,
		.when_unknown = true,
	},
	[CHANGE_HUGE_AS_ADVISED] = {
		.name = "huge-as-advised",
		.commit = "2b0f922323cc \"mm: don't install PMD mappings when THPs are disabled by "
			  "the hw/process/vma\"",
		/* Stable branches before 6.12 may have it all the same: not asked there. */
		.mainline = 612, .only_mainline = true,
		.when_unknown = false,
	},
	[CHANGE_ALLOCATION_FAILS] = {
		.name = "allocation-fails",
		.commit = "\"lib/test_hmm: add zone device private THP test infrastructure\"",
		.mainline = 619, .rc = 1, .only_mainline = true,
	},
	[CHANGE_FOLL_NUMBERS] = {
		.name = "foll-numbers",
		.commit = "2c2241081f7d \"mm/gup: move private gup FOLL_ flags to internal.h\"",
		.mainline = 603, .rc = 1, .only_mainline = true,
	},
	[CHANGE_LONGTERM_OWN_PAGE] = {
		.name = "longterm-own-page",
		.commit = "84209e87c696 \"mm/gup: reliable R/O long-term pinning in COW mappings\"",
		.mainline = 602, .rc = 1, .only_mainline = true,
	},
	[CHANGE_PIN_STAYS] = {
		.name = "pin-stays",
		.commit = "c77369b437f9",
		.mainline = 602, .rc = 1, .only_mainline = true, .is_probed = true,
	},
	[CHANGE_DIO_PINS] = {
		.name = "dio-pins",
		.commit = "a7e689dd1c06",
		.mainline = 605, .rc = 1, .only_mainline = true, .is_probed = true,
	},
	[CHANGE_HUGETLB_FORCED] = {
		.name = "hugetlb-forced",
		.commit = "\"mm/hugetlb: support FOLL_FORCE|FOLL_WRITE\"",
		.mainline = 614, .only_mainline = true,
		/* What was built from a tree is newer than that. */
		.when_unknown = true,
	},
	[CHANGE_NO_COUNT_OFFSET] = {
		.name = "no-count-offset",
		.commit = "ef233450898f \"mm: free device private pages have zero page refcount\"",
		.mainline = 601, .only_mainline = true,
		.when_unknown = true,
	},
};

/* The number behind "-rc" in a release, or 0. */
static int candidate(void)
{
	const char *rc = strstr(features.release, "-rc");

	return rc ? atoi(rc + strlen("-rc")) : 0;
}

/*
 * Debian's own kernels are all "6.1.0-NN-amd64" to uname -r, and say "Debian
 * 6.1.119-1" behind it. A point release, or 0 where nobody says.
 */
static int point_release(void)
{
	int major, minor, sublevel;
	struct utsname name;
	const char *debian;

	if (features.sublevel || uname(&name))
		return features.sublevel;
	debian = strstr(name.version, "Debian ");
	if (debian && sscanf(debian, "Debian %d.%d.%d", &major, &minor, &sublevel) == 3 &&
	    major * 100 + minor == features.version)
		return sublevel;
	return 0;
}

static enum answer look_up(const struct change *change)
{
	const int version = features.version, rc = candidate();
	size_t i;

	if (!version)
		return ANSWER_UNKNOWN;
	if (change->from && version < change->from)
		return ANSWER_YES;
	if (change->mainline && version > change->mainline)
		return ANSWER_YES;
	if (change->mainline && version == change->mainline) {
		if (!rc)
			return ANSWER_YES;
		return change->rc && rc >= change->rc ? ANSWER_YES : ANSWER_UNKNOWN;
	}
	if (change->is_probed && version == change->mainline - 1 && !features.sublevel)
		return ANSWER_UNKNOWN;
	if (change->only_mainline)
		return ANSWER_NO;
	for (i = 0; i < ARRAY_SIZE(change->stable); i++) {
		if (version != change->stable[i].version)
			continue;
		if (!point_release())
			return ANSWER_UNKNOWN;
		return point_release() >= change->stable[i].sublevel ? ANSWER_YES : ANSWER_NO;
	}
	/* Mended nowhere, as far as this table knows. */
	return change->mainline ? ANSWER_UNKNOWN : ANSWER_NO;
}

bool kernel_has(enum kernel_change change)
{
	enum answer answer = look_up(&changes[change]);

	return answer == ANSWER_UNKNOWN ? changes[change].when_unknown : answer == ANSWER_YES;
}

enum answer kernel_version_says(enum kernel_change change)
{
	return look_up(&changes[change]);
}

bool machine_is_apart(void)
{
	return getenv("HMM_COHERENT_APART");
}

void need_survives(enum kernel_change change)
{
	need(kernel_has(change) || machine_is_apart(), changes[change].skip);
}

void changes_print(FILE *out)
{
	static const char *const words[] = {
		[ANSWER_NO] = "no", [ANSWER_YES] = "yes", [ANSWER_UNKNOWN] = "unknown"
	};
	int i;

	for (i = 0; i < CHANGE_COUNT; i++)
		fprintf(out, "# fact: change %s %s\n", changes[i].name,
			words[look_up(&changes[i])]);
}
