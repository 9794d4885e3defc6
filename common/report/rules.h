/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rules.h - what must happen, and why
 *
 * A rule is a sentence about the kernel, the claim it serves (S1..S9, see
 * README.md), and the function that decides it. Rules are reasoned from the
 * kernel's source and documentation, never fitted to a run. Scenarios cite them
 * with set_rule(); the matrix computes a cell's whole outcome from them (see
 * model.h).
 */
#ifndef HMM_COHERENT_RULES_H
#define HMM_COHERENT_RULES_H

#include <stdio.h>

struct rule {
	const char *name;
	const char *claim;
	const char *source;
	const char *sentence;
};

/* One line a rule: identifier, name, claim, source, sentence. */
#define RULES(RULE) \
	RULE(NOTHING_ELSE_CHANGES, "nothing-else-changes", "S2", \
	     "no path in mm/ moves or remaps it", \
	     "what no other rule touches stays: place, page frame, permission, exclusivity and " \
	     "bytes") \
	RULE(ENTRY, "migration-is-the-way-in", "S2", "migrate_vma_pages(), mm/migrate_device.c", \
	     "a page gets onto a device by migration, with its bytes, permission and " \
	     "exclusivity, in all processes that map it") \
	RULE(LEGAL_CALLS_WORK, "legal-calls-work", "S2", "the system call's manual page", \
	     "a call with legal arguments, enough rights and enough resources does not fail") \
	RULE(DRIVER_LOADS, "driver-loads", "S2", \
	     "hmm_dmirror_init(), dmirror_device_init(), lib/test_hmm.c", \
	     "the driver loads when it is given two ranges of memory, and makes a node for " \
	     "each device") \
	RULE(KERNEL_SURVIVES, "kernel-survives", "S2", \
	     "Documentation/process/coding-style.rst, \"Do not crash the kernel\"", \
	     "a process that makes legal calls is neither killed by the kernel nor left " \
	     "hanging in it") \
	RULE(FEATURES_AS_KNOWN, "features-as-known", "S9", \
	     "common/suite/features.c, one row a feature", \
	     "what the kernel does by a probe is what its version, its configuration or its " \
	     "interface says") \
	RULE(OBSERVERS_AGREE, "observers-agree", "S1", \
	     "pagemap_read(), dmirror_snapshot(), dump_page()", \
	     "pagemap, the driver's snapshot and the kernel's dump answer, and say the same of " \
	     "a page") \
	RULE(PROTECTION_AS_ASKED, "protection-as-asked", "S5", \
	     "change_pte_range(), mm/mprotect.c", \
	     "after mprotect() or UFFDIO_WRITEPROTECT the page table allows what was asked for " \
	     "and nothing more") \
	RULE(FORK_SHARES, "fork-shares", "S5", \
	     "copy_present_pte(), copy_nonpresent_pte(), mm/memory.c", \
	     "fork() shares each page between parent and child, read-only for both and not " \
	     "exclusive") \
	RULE(WRITES_ARE_TRACKED, "writes-are-tracked", "S5", \
	     "wp_page_reuse(), pte_mkdirty(), clear_soft_dirty()", \
	     "a page is soft-dirty after a write by the CPU, GUP, O_DIRECT or the device, and " \
	     "not before it") \
	RULE(NEXT_ACCESS_SEES, "next-access-sees", "S5", \
	     "ptep_clear_flush(), flush_tlb_range(), tlb_finish_mmu()", \
	     "the next access after a page table entry was replaced or taken away uses the new " \
	     "entry, not the old translation") \
	RULE(WRITE_NEEDS_PERMISSION, "write-needs-vm-write", "S5", \
	     "check_vma_flags(), mm/gup.c; access_error(), arch fault.c", \
	     "a write through a mapping without VM_WRITE is refused, and nothing changes") \
	RULE(READ_NEEDS_PERMISSION, "read-needs-vm-read", "S1", \
	     "check_vma_flags(), mm/gup.c; access_error(), arch fault.c", \
	     "an access to a mapping without VM_READ is refused, and nothing changes") \
	RULE(UFFD_STOPS_WRITES, "uffd-wp-stops-writes", "S5", "do_wp_page(), handle_userfault()", \
	     "a write to a page that userfaultfd protects is its monitor's business, and here " \
	     "it says SIGBUS; nothing changes") \
	RULE(FORCE_POLICY, "force-policy", "S7", "proc_mem_foll_force(), fs/proc/base.c", \
	     "a kernel whose policy denies FOLL_FORCE to /proc/PID/mem refuses the write, and " \
	     "nothing changes") \
	RULE(FORCE_BREAKS_COW, "force-breaks-cow", "S5", "can_follow_write_pte(), mm/gup.c", \
	     "FOLL_FORCE writes an exclusive page in place and gives a shared one's writer a " \
	     "copy; the PTE stays read-only") \
	RULE(PRIVATE_FAULTS_BACK, "private-faults-back", "S1", "do_swap_page(), migrate_to_ram()", \
	     "the CPU and GUP cannot use a device-private page: it comes back to memory first, " \
	     "for all who map it") \
	RULE(OWNER_ALONE_REACHES, "owner-alone-reaches", "S1", "hmm_vma_handle_pte(), mm/hmm.c", \
	     "a private page is shown to its owner only; an access by another device brings it " \
	     "back to memory, for all who map it, and then works") \
	RULE(SHARED_IS_COPIED, "shared-is-copied", "S5", \
	     "do_wp_page() -> wp_page_copy(), mm/memory.c", \
	     "who writes a page that others map gets a copy, in system memory; the others keep " \
	     "the page") \
	RULE(LAST_SHARER_REUSES, "last-sharer-reuses", "S5", \
	     "do_wp_page(), wp_can_reuse_anon_folio(), mm/memory.c", \
	     "the last one to map a formerly shared page writes it in place, and has it " \
	     "exclusively again") \
	RULE(EXCLUSIVE_IS_REUSED, "exclusive-is-reused", "S5", \
	     "do_wp_page() -> wp_page_reuse(), can_change_pte_writable()", \
	     "an exclusive page is written in place, on the device, also after it was mapped " \
	     "read-only") \
	RULE(PIN_UNSHARES, "pin-unshares", "S7", \
	     "gup_must_unshare(), do_wp_page() with FAULT_FLAG_UNSHARE", \
	     "FOLL_PIN for reading a shared page first gives the process a page of its own, " \
	     "mapped as before") \
	RULE(GET_LEAVES_SHARED, "get-leaves-shared", "S7", "gup_must_unshare(), mm/gup.c", \
	     "FOLL_GET for reading takes a shared page as it is") \
	RULE(LONGTERM_LEAVES_DEVICE, "longterm-leaves-device", "S7", \
	     "check_and_migrate_movable_pages(), folio_is_longterm_pinnable()", \
	     "FOLL_LONGTERM moves the page to system memory before it pins it, keeping its " \
	     "permission and exclusivity") \
	RULE(LONGTERM_LEAVES_MOVABLE, "longterm-leaves-movable", "S8", \
	     "check_and_migrate_movable_pages(), folio_is_longterm_pinnable()", \
	     "FOLL_LONGTERM moves a page out of ZONE_MOVABLE before it pins it") \
	RULE(SHORT_PIN_STAYS, "short-pin-stays", "S7", "try_grab_folio(), mm/gup.c", \
	     "a reference without FOLL_LONGTERM takes the page where it is") \
	RULE(CPU_IN_PLACE, "cpu-in-place", "S1", "vm_normal_page(), mm/memory.c", \
	     "the CPU reads and writes a coherent page where it is, without a fault of its own " \
	     "kind") \
	RULE(DEVICE_IN_PLACE, "device-in-place", "S1", "hmm_range_fault(), mm/hmm.c", \
	     "the device reaches what is mapped where it is, under the rules of a CPU access") \
	RULE(BACK, "migration-back", "S2", \
	     "migrate_vma_setup() with MIGRATE_VMA_SELECT_DEVICE_COHERENT/_PRIVATE", \
	     "migration back moves exactly this device's pages to memory, for all who map " \
	     "them, keeping permission and exclusivity") \
	RULE(BACK_IS_MEMORY, "back-is-memory", "S3", \
	     "migrate_device_finalize() -> folio_putback_lru(); shrink_folio_list()", \
	     "a page that came back from a device is memory like any other: on an LRU list, " \
	     "reclaimed and swapped out") \
	RULE(ONLY_FROM_SYSTEM, "only-from-system", "S2", \
	     "migrate_vma_collect_pmd() with MIGRATE_VMA_SELECT_SYSTEM", \
	     "migration to a device takes pages of system memory; what is on a device stays " \
	     "where it is") \
	RULE(PINNED_STAYS, "pinned-stays", "S7", "migrate_vma_check_page(), mm/migrate_device.c", \
	     "a page with references beyond its mappings is not migrated") \
	RULE(ZERO_PAGE_NOT_PINNED, "zero-page-not-pinned", "S7", \
	     "try_grab_folio() (6.1: try_grab_page(), try_grab_folio()), gup_put_folio(), " \
	     "mm/gup.c", \
	     "a short pin of the zero page gets it, takes no reference of it and is not " \
	     "counted") \
	RULE(PIN_FOLLOWS_OWNER, "pin-follows-owner", "S7", \
	     "folio_needs_cow_for_dma(), copy_present_page(), mm/memory.c", \
	     "the holder of a pin and the process that pinned go on seeing the same page, also " \
	     "over fork") \
	RULE(PIN_ENDS_WITH_HOLDER, "pin-ends-with-holder", "S7", \
	     "io_buffer_unmap(), unpin_user_pages(); io_ring_ctx_free()", \
	     "a pin ends with the last one who holds it, and then the page can be moved again") \
	RULE(PINS_ARE_ACCOUNTED, "pins-are-accounted", "S7", \
	     "io_account_mem(), io_buffer_account_pin(), io_uring/rsrc.c", \
	     "pages pinned for long count in VmPin and against RLIMIT_MEMLOCK for all who are " \
	     "bound by it, wherever they were before") \
	RULE(NO_LEAK, "nobody-sees-the-other", "S5", "copy_present_pte(), mm/memory.c", \
	     "after fork nobody ever sees bytes that the other wrote later") \
	RULE(BYTES_ARRIVE, "bytes-arrive", "S7", "bio_iov_iter_get_pages(), block/bio.c", \
	     "a transfer puts exactly its bytes where they belong, on both ends") \
	RULE(PROVIDED_ARE_COUNTED, "provided-are-counted", "S7", \
	     "io_provide_buffers_prep(), io_remove_buffers_legacy() (6.1: " \
	     "__io_remove_buffers()), io_buffer_select(), io_uring/kbuf.c", \
	     "each buffer provided to a ring has a number from 0 to 65535 and at least one " \
	     "byte, is chosen once, and removing says how many there were") \
	RULE(DIRECT_IS_DIRECT, "direct-is-direct", "S7", \
	     "iomap_dio_rw(), fs/iomap/direct-io.c; blkdev_direct_IO(), block/fops.c", \
	     "an aligned O_DIRECT transfer of allocated blocks goes between the pages and the " \
	     "medium, past the page cache") \
	RULE(LONGTERM_NOT_OF_FILE, "longterm-not-of-file", "S7", \
	     "writable_file_mapping_allowed(), gup_fast_folio_allowed(), mm/gup.c (6.1: " \
	     "io_pin_pages(), io_uring/rsrc.c)", \
	     "a page of a file whose writes are tracked is not pinned for long and for writing; " \
	     "shared memory is") \
	RULE(END_OF_FILE, "end-of-file", "S3", \
	     "truncate_pagecache(), truncate_inode_partial_folio(), mm/truncate.c; " \
	     "finish_fault(), filemap_fault()", \
	     "what is behind the end of its file is nobody's: an access ends in SIGBUS, private " \
	     "copies go, and the rest of the last page is zero") \
	RULE(PRIVATE_COPY_STAYS, "private-copy-stays", "S2", \
	     "should_zap_folio() (6.1: should_zap_page()), mm/memory.c; unmap_mapping_range()", \
	     "a private copy of a file's page is not the file's: it stays when the page goes, " \
	     "and is not written back") \
	RULE(HUGE_AS_ADVISED, "huge-as-advised", "S2", \
	     "do_set_pmd(), mm/memory.c; vma_thp_disabled()", \
	     "a mapping with MADV_NOHUGEPAGE shows a huge page of shared memory by small " \
	     "entries") \
	RULE(DIRTY_OUTLIVES, "dirty-outlives-mapping", "S3", \
	     "zap_huge_pmd(), mm/huge_memory.c; bio_set_pages_dirty(), block/bio.c", \
	     "what was written to a page, by the CPU or a transfer, is kept by reclaim, also " \
	     "after the mapping is gone") \
	RULE(SOURCES_OF_BUFFER, "sources-of-buffer", "S7", "io_pin_pages(), io_uring/rsrc.c", \
	     "a registered buffer over two files is refused up to 6.4, and later has the pages " \
	     "of both") \
	RULE(CLONE_WITHIN, "clone-within", "S7", "io_clone_buffers(), io_uring/rsrc.c", \
	     "buffers are cloned from within the table of their ring, or not at all") \
	RULE(POSITION_FOLLOWS, "position-follows", "S7", \
	     "ksys_read(), ksys_write(), fs/read_write.c; iomap_dio_complete()", \
	     "a file's position moves by exactly the bytes that a call says it transferred") \
	RULE(PARTIAL_TRANSFER, "partial-transfer", "S7", \
	     "bio_iov_iter_get_pages(), iov_iter_get_pages2()", \
	     "a transfer that meets a page it may not use stops there: what came before " \
	     "arrives or nothing does") \
	RULE(HOLE_IS_FILLED, "hole-is-filled", "S2", "do_anonymous_page(), mm/memory.c", \
	     "an access to a page that was never touched gets one of system memory, zero-filled") \
	RULE(REFERENCE_A_MAPPING, "reference-a-mapping", "S4", \
	     "do_wp_page(), free_zone_device_page(); offset gone with ef233450898f", \
	     "a device page has one reference for each mapping and one for each holder, 1024 " \
	     "for each FOLL_PIN, and no offset") \
	RULE(ACCOUNTS_RETURN, "accounts-return", "S3", \
	     "add_mm_rss_vec(), mem_cgroup_uncharge() in free_zone_device_page()", \
	     "what a device page cost its user (RSS, the memory cgroup's charge, commit) is " \
	     "given back when it is unmapped") \
	RULE(FREED_TO_DRIVER, "freed-to-the-driver", "S3", \
	     "zap_pte_range(), free_zone_device_page()", \
	     "the last unmap gives the page back to the driver, once") \
	RULE(NODE_OF_DEVICE, "node-of-device", "S1", \
	     "memremap_pages(), mm/memremap.c; lookup_node(), mm/mempolicy.c", \
	     "all pages of a device are on the node that its driver named, and say so") \
	RULE(NODES_PASS_OVER, "nodes-pass-over", "S2", \
	     "do_pages_stat_array(), add_folio_for_migration(), queue_folios_pte_range()", \
	     "calls that query or move memory by its node pass over device pages, whatever " \
	     "their node") \
	RULE(COPY_BY_POLICY, "copy-by-policy", "S5", \
	     "wp_page_copy(), migrate_device_coherent_folio(); mbind(2)", \
	     "a page of memory that replaces a device page obeys the mapping's memory policy, " \
	     "and without one the task's") \
	RULE(BACK_BY_POLICY, "back-by-policy", "S2", \
	     "dmirror_devmem_fault_alloc_and_copy(), lib/test_hmm.c", \
	     "the driver takes the memory for migration back by the policy of the mapping, and " \
	     "without one the task's") \
	RULE(ONLY_ANONYMOUS, "only-anonymous", "S2", \
	     "migrate_device_pages(), mm/migrate_device.c", \
	     "a page with a file or shared memory behind it is not migrated to a device; the " \
	     "driver finds nothing to read and says ENOENT") \
	RULE(RANGE_REFUSED, "range-refused", "S2", \
	     "dmirror_migrate_to_device(), dmirror_fops_unlocked_ioctl(); migrate_vma_setup()", \
	     "a range that is empty, not of whole pages, not mapped or not readable is refused " \
	     "as a whole") \
	RULE(MIRROR_OF_OPENER, "mirror-of-opener", "S2", "dmirror_fops_open(), lib/test_hmm.c", \
	     "a device file acts on the memory of the process that opened it, whoever uses it, " \
	     "and on nothing once that is gone") \
	RULE(DEVICE_EXCLUSIVE, "device-exclusive", "S1", \
	     "make_device_exclusive(), restore_exclusive_pte()", \
	     "exclusive access by the device takes the page out of the page table; the CPU's " \
	     "touch puts the same page back") \
	RULE(NO_PAGE_NO_MOVE, "no-page-no-move", "S2", \
	     "migrate_device_pages(), remove_migration_ptes()", \
	     "a page for which there is no place to go stays, mapped as before, with its bytes") \
	RULE(CLOSE_EVICTS, "close-evicts", "S3", \
	     "dmirror_device_evict_chunk(), migrate_device_range()", \
	     "eviction brings all pages of a device to memory for all who map them, keeping " \
	     "permission and exclusivity") \
	RULE(MARKS_TRAVEL, "marks-travel", "S2", \
	     "migrate_vma_collect_pmd(), remove_migration_pte()", \
	     "what the page table says of a page, soft-dirty and protection by userfaultfd, is " \
	     "the same after migration") \
	RULE(MONITOR_FILLS, "monitor-fills", "S2", \
	     "migrate_vma_insert_page(), userfaultfd_missing()", \
	     "a page that is missing for userfaultfd is its monitor's business; migration " \
	     "leaves it missing") \
	RULE(MONITOR_LETS_GO, "monitor-lets-go", "S5", \
	     "userfaultfd_clear_vma() (6.1: userfaultfd_unregister()), move_ptes(), " \
	     "copy_nonpresent_pte(), copy_present_pte()", \
	     "protection by userfaultfd ends with its registration, and neither mremap() nor " \
	     "fork() takes it along to where nobody watches") \
	RULE(COUNTED_AS_MEMORY, "counted-as-memory", "S1", \
	     "smaps_pte_entry(), pagemap_page_category(), fs/proc/task_mmu.c; vm_normal_page()", \
	     "who looks at a process's page table finds a device page as present anonymous " \
	     "memory") \
	RULE(NOT_MERGED, "not-merged", "S2", "ksm_scan_thread(), get_mergeable_page(), mm/ksm.c", \
	     "KSM merges no page on a device with another, and puts no page on one") \
	RULE(NOT_RECLAIMED, "not-reclaimed", "S2", \
	     "madvise_cold_or_pageout_pte_range(), mm/madvise.c; shrink_folio_list()", \
	     "reclaim passes over device pages, which are on no LRU list: they are not aged " \
	     "and not swapped out") \
	RULE(SWAP_KEEPS, "swap-keeps", "S2", \
	     "migrate_vma_collect_pmd(), shrink_folio_list(), do_swap_page()", \
	     "swapping out and in gives the last bytes that were written, wherever that was; " \
	     "what is swapped out is not migrated") \
	RULE(SWAP_CACHE, "swap-cache", "S2", "migrate_device_pages(), folio_free_swap()", \
	     "a page in the swap cache is migrated only after it was taken out of it, and not " \
	     "at all up to 6.5") \
	RULE(LOCKED_AS_MEMORY, "locked-as-memory", "S3", \
	     "mlock_pte_range(), mlock_vma_folio(), munlock_vma_folio()", \
	     "mlock counts memory, not pages on a device; what is unlocked and unmapped is " \
	     "counted no more, wherever it was meanwhile") \
	RULE(MAPPINGS_ARE_COUNTED, "mappings-are-counted", "S3", \
	     "mlock_fixup(), apply_vma_lock_flags(), mm/mlock.c; move_vma(), mm/mremap.c", \
	     "VmLck has each page of a locked mapping once, however mappings are cut, joined " \
	     "and moved") \
	RULE(MAPPINGS_JOIN, "mappings-join", "S2", \
	     "vma_merge_existing_range(), vma_merge_new_range(), mm/vma.c (6.1: vma_merge(), " \
	     "mm/mmap.c)", \
	     "a call that changes a part of a mapping splits it there, and neighbours that are " \
	     "alike afterwards become one mapping") \
	RULE(POLICY_IS_SHOWN, "policy-is-shown", "S1", \
	     "mpol_to_str(), mm/mempolicy.c; show_numa_map()", \
	     "numa_maps shows the policy that a mapping was given, with all flags of it") \
	RULE(MBIND_GOES_ON, "mbind-goes-on", "S2", \
	     "queue_folios_pte_range(), do_mbind(), mm/mempolicy.c", \
	     "mbind() with STRICT and MOVE moves all memory that can be moved, and says EIO " \
	     "when there is some that cannot") \
	RULE(PAGEMAP_BY_PAGE, "pagemap-by-page", "S1", \
	     "pte_to_pagemap_entry(), pagemap_pmd_range_thp() (6.1: pagemap_pmd_range()), " \
	     "pagemap_scan_pmd_entry(), fs/proc/task_mmu.c", \
	     "an entry of pagemap, and its scan, say what is true of that very page: whether " \
	     "it is of a file, mapped once, protected") \
	RULE(FRESH_FRAME, "fresh-frame", "S3", \
	     "free_zone_device_folio(), zone_device_page_init()", \
	     "a page frame that goes back to the driver leaves all of its state behind") \
	RULE(HUGE_IS_SPLIT, "huge-is-split", "S2", \
	     "migrate_vma_collect_pmd(), split_huge_page(); dmirror_migrate_alloc_and_copy()", \
	     "a huge page goes to a device whole or in small pages; what is not migrated " \
	     "stays, all of it mapped as before, with its bytes") \
	RULE(NOT_COLLAPSED, "not-collapsed", "S2", "hpage_collapse_scan_pmd(), mm/khugepaged.c", \
	     "a range with a page on a device is not made into a huge page") \
	RULE(HUGETLB_REFUSED, "hugetlb-refused", "S2", "migrate_vma_setup(), mm/migrate_device.c", \
	     "hugetlb memory is not migrated to a device: the range is refused") \
	RULE(HUGETLB_NOT_TAKEN, "hugetlb-not-taken", "S1", \
	     "folio_make_device_exclusive() (later make_device_exclusive()), mm/rmap.c", \
	     "exclusive access by a device to hugetlb memory is refused, and nothing changes") \
	RULE(HUGETLB_WHOLE_PAGES, "hugetlb-whole-pages", "S3", \
	     "madvise_dontneed_free_valid_vma(), madvise_dontneed_free(), mm/madvise.c", \
	     "MADV_DONTNEED frees the huge pages of hugetlb that lie wholly in its range, and " \
	     "nothing where there is none") \
	RULE(HUGETLB_FORCED, "hugetlb-forced", "S5", \
	     "check_vma_flags(), mm/gup.c; hugetlb_wp(), mm/hugetlb.c", \
	     "FOLL_FORCE writes to read-only hugetlb are refused before FOLL_FORCE is known " \
	     "there, and never change what others see") \
	RULE(SHARED_TABLE, "shared-table", "S2", \
	     "hugetlb_pmd_shared(): smaps_hugetlb_range(), fs/proc/task_mmu.c; " \
	     "queue_folios_hugetlb() (6.1: queue_pages_hugetlb()), mm/mempolicy.c", \
	     "hugetlb memory that processes map through one page table is shared memory: " \
	     "counted as such, and not moved by MPOL_MF_MOVE") \
	RULE(MOVED_BY_MAPPING, "moved-by-mapping", "S2", \
	     "move_pages(), move_present_pte(), mm/userfaultfd.c", \
	     "a mapping that is moved takes its exclusive page along, wherever that is; a shared " \
	     "one is refused")

#define RULE_ID(id, name, claim, source, sentence) RULE_##id,
enum rule_id { RULES(RULE_ID) RULE_COUNT };
#undef RULE_ID

const struct rule *rule_get(int id);

/* A line "# fact: rule NAME|CLAIM|SOURCE|SENTENCE". */
void rule_print(FILE *out, int id);

/* rule_print() of each rule. */
void rules_print(FILE *out);

/* A line "# fact: claim CLAIM|NAME|SENTENCE" for each claim. */
void claims_print(FILE *out);

#endif
