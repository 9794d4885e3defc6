/* SPDX-License-Identifier: GPL-2.0 */
/*
 * changes.h - the table of kernel changes on which tests depend; only since.c
 * reads it
 */
#ifndef HMM_COHERENT_CHANGES_H
#define HMM_COHERENT_CHANGES_H

#include <stdbool.h>

#include "report/skips.h"

enum kernel_change {
	/*
	 * closing a file of test_hmm brings the device's pages back to memory
	 */
	CHANGE_CLOSE_EVICTS,
	/* an access through the device file of a process that has exited ends */
	CHANGE_DEAD_MIRROR_ENDS,
	/*
	 * a long-term pin that moves a page holds a reference to its anon_vma
	 */
	CHANGE_PIN_KEEPS_ANON_VMA,
	/*
	 * migration to a device reads folio_mapping() again after it has
	 * removed a page from the swap cache
	 */
	CHANGE_SWAP_CACHE_READ_AGAIN,
	CHANGE_SWAP_CACHE_ASKED, /* migration to a device removes a page from the swap cache */
	CHANGE_NO_COUNT_OFFSET,	 /* the reference count of a device page has no offset */
	CHANGE_SCAN_OF_PAGEMAP,	 /* PAGEMAP_SCAN */
	/* the end of exclusive access does not make a page soft-dirty */
	CHANGE_EXCLUSIVE_ENDS_CLEAN,
	CHANGE_SINGLE_IS_PRESENT, /* pagemap: bit 56 is only set for a present page */
	CHANGE_LARGE_FOLIOS,	/* sizes of folios between a page and a huge page */
	CHANGE_FOLIO_IS_SPLIT,	/* migration to a device splits a large folio that PTEs map */
	CHANGE_UFFD_WP_ON_ARM64,
	CHANGE_UFFD_MOVE,	 /* UFFDIO_MOVE, where there is userfaultfd */
	CHANGE_UFFD_POISON,	 /* UFFDIO_POISON, where there is userfaultfd */
	CHANGE_UFFD_HOLES,	 /* userfaultfd can write-protect holes of anonymous memory */
	CHANGE_UFFD_ASYNC,	 /* a write may remove the protection of userfaultfd */
	CHANGE_UFFD_ACCESS,	 /* UFFDIO_RWPROTECT, where userfaultfd can write-protect */
	CHANGE_GUARD_REGIONS,	 /* MADV_GUARD_INSTALL, MADV_GUARD_REMOVE */
	CHANGE_DEFERRED_IN_PART, /* only a folio that is unmapped in part waits for being split */
	CHANGE_GUARDS_OF_FILES,	 /* MADV_GUARD_INSTALL also in mappings of files */
	CHANGE_CLONE_BUFFERS,	 /* IORING_REGISTER_CLONE_BUFFERS */
	CHANGE_CLONE_AT_OFFSET,	 /* a part of the registered buffers can be cloned */
	CHANGE_LONGTERM_NOT_OF_FILE, /* GUP refuses long-term pins to write to files */
	CHANGE_MIXED_SOURCES,	 /* a registered buffer may have pages of several files */
	CHANGE_HUGE_AS_ADVISED,	 /* MADV_NOHUGEPAGE also applies to huge pages that exist already */
	CHANGE_ALLOCATION_FAILS, /* HMM_DMIRROR_FLAGS: test_hmm can be told to fail an allocation */
	CHANGE_FOLL_NUMBERS,	/* FOLL_FORCE is 0x08 and FOLL_LONGTERM 0x100 */
	CHANGE_LONGTERM_OWN_PAGE, /* a long-term pin never returns the shared zero page */
	CHANGE_CLEAN_UPGRADES,	/* mprotect() makes a clean exclusive page writable again, too */
	CHANGE_SWAPIN_WRITES,	/* an exclusive page is mapped writable when it is swapped in */
	CHANGE_PIN_STAYS,	/* gup_test has PIN_LONGTERM_TEST_START */
	CHANGE_DIO_PINS,	/* O_DIRECT takes FOLL_PIN references, not FOLL_GET ones */
	CHANGE_HUGETLB_FORCED,	 /* FOLL_FORCE writes to private hugetlb memory without VM_WRITE */
	CHANGE_IOMMUFD,		/* iommufd, and its mock domain with CONFIG_IOMMUFD_TEST */
	CHANGE_QUEUES_OF_USER,	/* IORING_SETUP_NO_MMAP: the program provides the queues */
	CHANGE_RING_REGION,	/* IORING_REGISTER_MEM_REGION */
	CHANGE_MTHP,		/* anonymous memory in folios smaller than a huge page */
	CHANGE_LARGE_IS_SPLIT,	/* migration to a device splits a folio that is mapped by PTEs */
	CHANGE_HUGE_ON_DEVICE,	/* a huge page migrates as one to a device with private memory */
	CHANGE_UDMABUF_PINS,	/* udmabuf pins the pages of a memfd */
	CHANGE_EXCLUSIVE_OUTLIVES_RECLAIM, /* reclaim leaves its entry alone */
	CHANGE_FAILED_BACK_ENDS, /* a migration back that gets no memory in between is undone */
	/* MADV_COLLAPSE does not fill holes that userfaultfd watches, and then returns EBUSY */
	CHANGE_COLLAPSE_KEEPS_HOLES,
	CHANGE_COLLAPSE_READ_ONLY, /* MADV_COLLAPSE of memory without any writable page */
	CHANGE_MIGRATION_KEEPS_CLEAN, /* migration does not make a dirty page soft-dirty */
	CHANGE_RSS_PER_CPU,	/* RSS is counted per processor, and shown as an estimate */
	CHANGE_RSS_IS_SUMMED,	/* RssAnon is the sum of the counts of all processors */
	CHANGE_PINS_OF_USERS,	/* io_uring counts no pins of a user with CAP_IPC_LOCK */
	CHANGE_UNMERGE_UNSHARES, /* KSM replaces a merged page by a copy without a write fault */
	CHANGE_RESERVATION_RETURNS,	/* of hugetlb memory, by MADV_DONTNEED */
	CHANGE_WP_OF_MAPPINGS,	/* userfaultfd protects a range of several mappings */
	CHANGE_MOVABLE_HUGETLB_IS_PINNED, /* by a long-term pin that does not use GUP-fast */
	CHANGE_MERGE_ANY,	/* PR_SET_MEMORY_MERGE */
	CHANGE_MERGE_ANY_EXEC,	/* KSM also scans a program that inherits PR_SET_MEMORY_MERGE */
	CHANGE_DROPPABLE,	/* MAP_DROPPABLE */
	CHANGE_MSEAL,		/* mseal(2) */
	CHANGE_EXCLUSIVE_IS_MAPPED, /* rmap finds a page that a device has exclusively */
	CHANGE_STATUS_BY_WALK,	/* move_pages() reports ENOENT for a hole in anonymous memory */
	CHANGE_ZERO_PAGES_COUNTED, /* ksm_zero_pages in /proc/PID/ksm_stat */
	CHANGE_PIPE_NOWAIT,	/* RWF_NOWAIT for pipes */
	CHANGE_BUFFER_RING_INC,	/* IOU_PBUF_RING_INC */
	CHANGE_BUFFER_RING_MINIMUM, /* struct io_uring_buf_reg has min_left */
	CHANGE_MAPPED_STAYS_CACHED, /* RWF_DONTCACHE drops no page that a process maps */
	CHANGE_SHMEM_BY_SIZE,	/* shared memory has a setting for huge pages of each size */
	CHANGE_WRITE_ENDS_ALONE, /* a write of io_uring ends before its ring is asked for it */
	CHANGE_UNDERUSED_IS_SPLIT, /* a huge page most of which is zero is split under pressure */
	CHANGE_PAGEOUT_PRIVATE_COPIES, /* MADV_PAGEOUT of them, over any file */
	CHANGE_ADVICE_TO_SELF,	/* process_madvise() of the caller itself needs no right */
	CHANGE_FILL_TELLS_EAGAIN, /* UFFDIO_COPY says in its result that mappings change */
	CHANGE_CONTINUE_PROTECTED, /* UFFDIO_CONTINUE_MODE_WP */
	CHANGE_READ_MULTISHOT,	/* IORING_OP_READ_MULTISHOT */
	CHANGE_VECTORS_REGISTERED, /* IORING_OP_READV_FIXED, IORING_OP_WRITEV_FIXED */
	CHANGE_CLONE_OF_ONE_MM,	/* registered buffers are cloned within a process only */
	CHANGE_UNTOUCHED_JOINS,	/* memory with pages is merged into a neighbour without */
	CHANGE_JOINED_STAYS_DIRTY, /* new memory is soft-dirty also when it was merged */
	CHANGE_ROOM_FOR_FOUR,	/* what mremap() needs below vm.max_map_count */
	CHANGE_BLOCK_IN_PARTS,	/* the parts of a vector for O_DIRECT need not be whole blocks */
	CHANGE_PROBE_IN_PLACE,	/* a uprobe is written to the page, not to a copy of it */
	CHANGE_COUNT
};

/* The first point release of a stable branch that has the change: 6.12.86 is { 612, 86 }. */
struct point {
	int version, sublevel;
};

struct change {
	const char *name;
	const char *commit;
	/*
	 * The first mainline release that has the change, 0 if there is none
	 * yet; and the first -rc of it, 0 if unknown.
	 */
	int mainline, rc;
	/*
	 * The release that introduced the bug which the change fixes: kernels
	 * before it do not need the change. 0: all releases have the bug.
	 */
	int from;
	/*
	 * Stable branches that have a backport. A branch that is not listed may
	 * also have it, unless @only_mainline.
	 */
	struct point stable[4];
	bool only_mainline;
	/*
	 * A probe decides where the version does not: a tree between two
	 * releases has the number of the older one, without a third number or
	 * with 0.
	 */
	bool is_probed;
	/*
	 * The result of kernel_has() where the version does not decide: a
	 * release that cannot be parsed, an -rc, a branch that is not listed.
	 */
	bool when_unknown;
	/* For need_survives(): why a test is skipped that crashes a kernel without the change. */
	enum skip_id skip;
};

extern const struct change changes[CHANGE_COUNT];

#endif
