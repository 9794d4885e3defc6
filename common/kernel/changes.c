// SPDX-License-Identifier: GPL-2.0
#include "kernel/changes.h"

#include <limits.h>

/* A change without a backport. A kernel that was built from a tree is newer. */
#define RECENT(id, change_name, release, change_commit) \
	[CHANGE_##id] = { \
		.name = change_name, .commit = change_commit, .mainline = release, .rc = 1, \
		.only_mainline = true, .when_unknown = true }

const struct change changes[CHANGE_COUNT] = {
	[CHANGE_CLOSE_EVICTS] = {
		.name = "close-evicts",
		.commit = "744dd97752ef \"lib: test_hmm: evict device pages on file close to "
			  "avoid use-after-free\"",
		.mainline = 701, .stable = { { 601, 176 }, { 612, 86 }, { 700, 4 } },
		/*
		 * A test of eviction that is skipped gives the reason; one that
		 * runs on a driver without eviction would fail.
		 */
		.when_unknown = false,
	},
	[CHANGE_DEAD_MIRROR_ENDS] = {
		.name = "dead-mirror-ends",
		.commit = "\"lib/test_hmm: fail dmirror_fault() when the mirrored mm is gone\"",
		.mainline = 703, .rc = 7, .stable = { { 601, 192 }, { 612, 117 } },
		/* A process that loops in the kernel cannot be killed. */
		.when_unknown = false,
		.skip = SKIP_DEAD_MIRROR_LOOP,
	},
	[CHANGE_PIN_KEEPS_ANON_VMA] = {
		.name = "pin-keeps-anon-vma",
		.commit = "none yet; see docs/findings.md, anon-vma-is-gone",
		/*
		 * Since 6.2, GUP-fast releases mmap_lock before it moves pages
		 * (__gup_longterm_locked()).
		 */
		.from = 602,
		/* Without the change, the kernel writes to freed memory. */
		.when_unknown = false,
	},
	[CHANGE_SWAP_CACHE_READ_AGAIN] = {
		.name = "swap-cache-read-again",
		.commit = "6.12.117: __migrate_device_pages() reads folio_mapping() again after "
			  "folio_free_swap()",
		/*
		 * Before 6.6 folio_free_swap() was not called, so there was no
		 * mapping to read again.
		 */
		.mainline = 703, .rc = 7, .from = 606, .stable = { { 612, 117 } },
		/* Without the change, the kernel hits a BUG while it holds page locks. */
		.when_unknown = false,
		.skip = SKIP_SWAP_CACHE_BUG,
	},
	[CHANGE_SWAP_CACHE_ASKED] = {
		.name = "swap-cache-asked",
		.commit = "\"mm/migrate_device: try to handle swapcache pages\"",
		.mainline = 606, .rc = 1, .only_mainline = true,
		/* A kernel that was built from a tree is newer than that. */
		.when_unknown = true,
	},
	/*
	 * Interfaces: a test of a missing one is not applicable, unless the
	 * version says that the kernel has it.
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
	[CHANGE_LARGE_FOLIOS] = {
		.name = "large-folios",
		.commit = "3485b88390b0 \"mm: thp: introduce multi-size THP sysfs interface\"",
		.mainline = 608, .rc = 1, .only_mainline = true,
	},
	[CHANGE_FOLIO_IS_SPLIT] = {
		.name = "folio-is-split",
		.commit = "\"mm/migrate_device: handle partially mapped folios during collection\"",
		.mainline = 619, .rc = 1, .only_mainline = true,
		/* A kernel that was built from a tree is newer than that. */
		.when_unknown = true,
	},
	[CHANGE_UFFD_WP_ON_ARM64] = {
		.name = "uffd-wp-on-arm64",
		.commit = "\"arm64/mm: Add uffd write-protect support\"",
		.mainline = 610, .rc = 1, .only_mainline = true,
	},
	[CHANGE_UFFD_MOVE] = {
		.name = "uffd-move",
		.commit = "adef440691ba \"userfaultfd: UFFDIO_MOVE uABI\"",
		.mainline = 608, .rc = 1, .only_mainline = true,
	},
	[CHANGE_UFFD_POISON] = {
		.name = "uffd-poison",
		.commit = "fc71884a5f59 \"mm: userfaultfd: add new UFFDIO_POISON ioctl\"",
		.mainline = 606, .rc = 1, .only_mainline = true,
	},
	[CHANGE_UFFD_HOLES] = {
		.name = "uffd-holes",
		.commit = "2bad466cc9d9 \"mm/uffd: UFFD_FEATURE_WP_UNPOPULATED\"",
		.mainline = 604, .rc = 1, .only_mainline = true,
	},
	[CHANGE_UFFD_ASYNC] = {
		.name = "uffd-async",
		.commit = "d61ea1cb0095 \"userfaultfd: UFFD_FEATURE_WP_ASYNC\"",
		.mainline = 607, .rc = 1, .only_mainline = true,
	},
	[CHANGE_UFFD_ACCESS] = {
		.name = "uffd-access",
		.commit = "7.3: UFFD_FEATURE_RWP and UFFDIO_RWPROTECT",
		.mainline = 703, .rc = 1, .only_mainline = true,
	},
	[CHANGE_GUARD_REGIONS] = {
		.name = "guard-regions",
		.commit = "662df3e5c376 "
			  "\"mm: madvise: implement lightweight guard page mechanism\"",
		.mainline = 613, .rc = 1, .only_mainline = true,
	},
	[CHANGE_DEFERRED_IN_PART] = {
		.name = "deferred-in-part",
		.commit = "\"mm/rmap: do not add fully unmapped large folio to deferred split "
			  "list\"",
		.mainline = 610, .rc = 1, .only_mainline = true,
	},
	[CHANGE_GUARDS_OF_FILES] = {
		.name = "guards-of-files",
		.commit = "\"mm: allow guard regions in file-backed and read-only mappings\"",
		.mainline = 615, .rc = 1, .only_mainline = true,
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
		/* A kernel that was built from a tree is newer than that. */
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
		/* Stable branches before 6.12 may have a backport; the tests do not check them. */
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
	[CHANGE_CLEAN_UPGRADES] = {
		.name = "clean-upgrades",
		.commit = "7ea7e333842e \"mm/mprotect: allow clean exclusive anon pages to be "
			  "writable\"",
		.mainline = 602, .rc = 1, .only_mainline = true,
		/* A kernel that was built from a tree is newer than that. */
		.when_unknown = true,
	},
	[CHANGE_SWAPIN_WRITES] = {
		.name = "swapin-writes",
		.commit = "\"mm: set pte writable while pte_soft_dirty() is true in "
			  "do_swap_page()\"",
		.mainline = 611, .rc = 1, .only_mainline = true,
		/* A kernel that was built from a tree is newer than that. */
		.when_unknown = true,
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
		/* A kernel that was built from a tree is newer than that. */
		.when_unknown = true,
	},
	[CHANGE_IOMMUFD] = {
		.name = "iommufd",
		.commit = "\"iommufd: Add a selftest\"",
		.mainline = 602, .rc = 1, .only_mainline = true,
	},
	[CHANGE_QUEUES_OF_USER] = {
		.name = "queues-of-user",
		.commit = "\"io_uring: support for user allocated memory for rings/sqes\"",
		.mainline = 605, .rc = 1, .only_mainline = true,
	},
	[CHANGE_RING_REGION] = {
		.name = "ring-region",
		.commit = "\"io_uring: add memory region registration\"",
		.mainline = 613, .rc = 1, .only_mainline = true,
	},
	[CHANGE_MTHP] = {
		.name = "mthp",
		.commit = "3485b88390b0 \"mm: thp: introduce multi-size THP sysfs interface\"",
		.mainline = 608, .rc = 1, .only_mainline = true,
	},
	[CHANGE_LARGE_IS_SPLIT] = {
		.name = "large-is-split",
		.commit = "\"mm/migrate_device: handle partially mapped folios during collection\"",
		.mainline = 619, .rc = 1, .only_mainline = true,
		/* A kernel that was built from a tree is newer than that. */
		.when_unknown = true,
	},
	[CHANGE_HUGE_ON_DEVICE] = {
		.name = "huge-on-device",
		.commit = "\"mm/migrate_device: implement THP migration of zone device pages\"",
		.mainline = 619, .rc = 1, .only_mainline = true,
		.when_unknown = true,
	},
	[CHANGE_UDMABUF_PINS] = {
		.name = "udmabuf-pins",
		.commit = "\"udmabuf: pin the pages using memfd_pin_folios() API\"",
		.mainline = 611, .rc = 1, .only_mainline = true,
		.when_unknown = true,
	},
	/*
	 * folio_referenced_one() clears the access bit of each entry that rmap finds. On arm64
	 * that is a bit of the type of an entry that is not present (PTE_AF, __SWP_TYPE_SHIFT),
	 * and the next fault does not end. On x86-64 no type has that bit.
	 */
	[CHANGE_EXCLUSIVE_OUTLIVES_RECLAIM] = {
		.name = "exclusive-outlives-reclaim",
		.commit = "none yet; see docs/findings.md, exclusive-entry-aged",
#ifdef __aarch64__
		/* Since such an entry counts as mapped: CHANGE_EXCLUSIVE_IS_MAPPED */
		.from = 615,
		.when_unknown = false,
#else
		.from = INT_MAX,
		.when_unknown = true,
#endif
	},
	[CHANGE_FAILED_BACK_ENDS] = {
		.name = "failed-back-ends",
		.commit = "none yet; see docs/findings.md, back-without-memory",
		/* Since "lib/test_hmm: add zone device private THP test infrastructure" */
		.from = 619,
		/* Without the change, a process waits for ever for a page. */
		.when_unknown = false,
	},
	RECENT(COLLAPSE_KEEPS_HOLES, "collapse-keeps-holes", 604,
	       "ac492b9c70ca \"mm/khugepaged: skip shmem with userfaultfd\""),
	RECENT(COLLAPSE_READ_ONLY, "collapse-read-only", 618,
	       "\"mm: enable khugepaged anonymous collapse on non-writable regions\""),
	RECENT(EXCLUSIVE_IS_MAPPED, "exclusive-is-mapped", 615,
	       "\"mm/rmap: keep mapcount untouched for device-exclusive entries\""),
	RECENT(STATUS_BY_WALK, "status-by-walk", 612,
	       "\"mm/migrate: convert do_pages_stat_array() from follow_page() to folio_walk\""),
	RECENT(MIGRATION_KEEPS_CLEAN, "migration-keeps-clean", 612,
	       "remove_migration_pte() clears the bit: read in 6.12"),
	RECENT(RSS_PER_CPU, "rss-per-cpu", 602, "f1a7941243c1"),
	[CHANGE_RSS_IS_SUMMED] = {
		.name = "rss-is-summed",
		.commit = "\"mm: fix the inaccurate memory statistics issue for users\"",
		.mainline = 617, .stable = { { 612, 117 } },
		.when_unknown = false,
	},
	RECENT(PINS_OF_USERS, "pins-of-users", 613, "io_buffer_account_pin(): read in 7.3"),
	RECENT(UNMERGE_UNSHARES, "unmerge-unshares", 602, "58f595c66594"),
	RECENT(WP_OF_MAPPINGS, "wp-of-mappings", 604,
	       "a1b92a3f1457 \"mm/userfaultfd: support WP on multiple VMAs\""),
	RECENT(RESERVATION_RETURNS, "reservation-returns", 609,
	       "df7a6d1f6405 \"mm/hugetlb: restore the reservation if needed\""),
	RECENT(MOVABLE_HUGETLB_IS_PINNED, "movable-hugetlb-is-pinned", 610,
	       "f442fa614137 \"mm: gup: stop abusing try_grab_folio\""),
	RECENT(MERGE_ANY, "merge-any", 604, "d7597f59d1d3"),
	RECENT(MERGE_ANY_EXEC, "merge-any-exec", 610,
	       "3a9e567ca45f \"mm/ksm: fix ksm exec support for prctl\""),
	RECENT(ZERO_PAGES_COUNTED, "zero-pages-counted", 606, "6080d19f0704"),
	RECENT(DROPPABLE, "droppable", 611, "9651fcedf7b9 \"mm: add MAP_DROPPABLE\""),
	RECENT(MSEAL, "mseal", 610, "8be7258aad44 \"mseal: add mseal syscall\""),
	RECENT(PIPE_NOWAIT, "pipe-nowait", 604, "afed6271f5b0 \"pipe: set FMODE_NOWAIT on pipes\""),
	RECENT(BUFFER_RING_INC, "buffer-ring-inc", 612, "ae98dbf43d75"),
	[CHANGE_BUFFER_RING_MINIMUM] = {
		.name = "buffer-ring-minimum",
		.commit = "\"io_uring/kbuf: support min length left for incremental buffers\"",
		.mainline = 701, .stable = { { 612, 90 } }, .when_unknown = false,
	},
	RECENT(MAPPED_STAYS_CACHED, "mapped-stays-cached", 703,
	       "\"mm: filemap: retain mapped dropbehind folios\""),
	RECENT(SHMEM_BY_SIZE, "shmem-by-size", 611, "4b98995530b7"),
	[CHANGE_WRITE_ENDS_ALONE] = {
		.name = "write-ends-alone", .commit = "796aa0547557",
		.mainline = 703, .rc = 1, .stable = { { 612, 117 } }, .when_unknown = true,
	},
	RECENT(UNDERUSED_IS_SPLIT, "underused-is-split", 612, "dafff3f4c850"),
	RECENT(PAGEOUT_PRIVATE_COPIES, "pageout-private-copies", 602, "fd3b1bc3c86e"),
	RECENT(ADVICE_TO_SELF, "advice-to-self", 612, "process_madvise(): read in 6.12"),
	RECENT(CONTINUE_PROTECTED, "continue-protected", 604, "0289184476c8"),
	RECENT(READ_MULTISHOT, "read-multishot", 607, "fc68fcda0491"),
	RECENT(VECTORS_REGISTERED, "vectors-registered", 615, "io_prep_readv_fixed(): read in 7.3"),
	[CHANGE_CLONE_OF_ONE_MM] = {
		.name = "clone-of-one-mm",
		.commit = "19d340a2988d \"io_uring/rsrc: require cloned buffers to share "
			  "accounting contexts\"",
		.mainline = 614, .stable = { { 612, 117 } },
		.when_unknown = true,
	},
	[CHANGE_FILL_TELLS_EAGAIN] = {
		.name = "fill-tells-eagain",
		.commit = "95567729df41 \"mm/userfaultfd: fix uninitialized output field for "
			  "-EAGAIN race\"",
		.mainline = 615, .stable = { { 612, 117 } },
		.when_unknown = false,
	},
	[CHANGE_NO_COUNT_OFFSET] = {
		.name = "no-count-offset",
		.commit = "ef233450898f \"mm: free device private pages have zero page refcount\"",
		.mainline = 601, .only_mainline = true,
		.when_unknown = true,
	},
	[CHANGE_UNTOUCHED_JOINS] = {
		.name = "untouched-joins",
		.commit = "879bca0a2c4f \"mm/vma: fix incorrectly disallowed anonymous VMA "
			  "merges\"",
		.mainline = 616, .rc = 1, .only_mainline = true,
	},
	[CHANGE_JOINED_STAYS_DIRTY] = {
		.name = "joined-stays-dirty",
		.commit = "\"mm: propagate VM_SOFTDIRTY on merge\"",
		.mainline = 619, .rc = 1, .only_mainline = true, .when_unknown = true,
	},
	[CHANGE_BLOCK_IN_PARTS] = {
		.name = "block-in-parts",
		.commit = "\"block: simplify direct io validity check\"",
		.mainline = 618, .rc = 1, .only_mainline = true, .when_unknown = true,
	},
	[CHANGE_PROBE_IN_PLACE] = {
		.name = "probe-in-place",
		.commit = "\"kernel/events/uprobes: uprobe_write_opcode() rewrite\"",
		.mainline = 616, .rc = 1, .only_mainline = true, .when_unknown = true,
	},
	[CHANGE_ROOM_FOR_FOUR] = {
		.name = "room-for-four",
		.commit = "\"mm/mremap: correct invalid map count check\"",
		.mainline = 701, .rc = 1, .only_mainline = true, .when_unknown = true,
	},
};
