/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rules_memory.h - the rules of what else the kernel does with memory
 *
 * A part of RULES() in rules.h: RULE(identifier, name, claim, source, sentence).
 */
#ifndef HMM_COHERENT_RULES_MEMORY_H
#define HMM_COHERENT_RULES_MEMORY_H

#define RULES_OF_MEMORY(RULE) \
	RULE(END_OF_FILE, "end-of-file", "S3", \
	     "truncate_pagecache(), truncate_inode_partial_folio(), mm/truncate.c; " \
	     "finish_fault(), filemap_fault(); __folio_freeze_and_split_unmapped()", \
	     "truncation unmaps all pages behind the end of the file, also private copies: an " \
	     "access there ends in SIGBUS, and the rest of the last page is zero") \
	RULE(PRIVATE_COPY_STAYS, "private-copy-stays", "S2", \
	     "should_zap_folio() (6.1: should_zap_page()), mm/memory.c; unmap_mapping_range()", \
	     "a private copy of a file's page stays when the file's own page is removed, and is " \
	     "not written back to the file") \
	RULE(MARK_STAYS, "mark-stays", "S2", \
	     "migrate_vma_collect_pmd(), migrate_vma_insert_page(), mm/migrate_device.c", \
	     "migration puts no page where the page table has a mark: a guard region, poison or " \
	     "the write protection of a hole") \
	RULE(MARK_STOPS, "mark-stops", "S7", "handle_pte_marker(), mm/memory.c", \
	     "an access to a guard region gets SIGSEGV and an access to poison gets SIGBUS; the " \
	     "kernel's and a device's accesses there fail and reach no page") \
	RULE(MARK_IS_KEPT, "mark-is-kept", "S5", \
	     "copy_pte_marker(), move_ptes(), change_pte_range(), zap_nonpresent_ptes()", \
	     "fork(), mremap() and mprotect() keep guard regions and poison, and MADV_DONTNEED " \
	     "keeps guard regions only") \
	RULE(GUARD_FREES, "guard-frees", "S3", \
	     "since 6.13: madvise_guard_install(), mm/madvise.c", \
	     "MADV_GUARD_INSTALL frees the pages of its range, also those on a device, and no " \
	     "others") \
	RULE(FILL_NEEDS_HOLE, "fill-needs-hole", "S2", \
	     "mfill_atomic_install_pte(), mfill_atomic_pte_zeropage(), mfill_atomic_pte_poison()", \
	     "userfaultfd fills a hole only: where there is a page, on a device or not, it fails " \
	     "with EEXIST and changes nothing") \
	RULE(PAGED_OUT_ALONE, "paged-out-alone", "S2", \
	     "madvise_cold_or_pageout_pte_range(), mm/madvise.c", \
	     "MADV_PAGEOUT swaps out pages that only the caller maps, large ones as well, and " \
	     "leaves those that another process maps, too") \
	RULE(HINTS_FROM_OUTSIDE, "hints-from-outside", "S2", \
	     "process_madvise_behavior_valid() (later process_madvise_remote_valid()), " \
	     "mm/madvise.c", \
	     "process_madvise() gives hints about another process's memory, which leave device " \
	     "pages in place, and refuses advice that frees pages") \
	RULE(MOVES_WITH_ADDRESS, "moves-with-address", "S2", \
	     "move_ptes(), move_soft_dirty_pte(), mm/mremap.c", \
	     "mremap() moves the entries of present and of private pages to the new address, " \
	     "with frame and permission, makes them soft-dirty, and leaves holes") \
	RULE(NOT_FORKED, "not-forked", "S5", "dup_mmap(), kernel/fork.c (later mm/mmap.c)", \
	     "a child has no mapping of memory with MADV_DONTFORK and an empty one of memory " \
	     "with MADV_WIPEONFORK; the parent's pages stay exclusive") \
	RULE(SCAN_FINDS_WRITES, "scan-finds-writes", "S5", \
	     "since 6.7: pagemap_scan_pmd_entry(), make_uffd_wp_pte(), fs/proc/task_mmu.c", \
	     "PAGEMAP_SCAN reports a page as written after a write by the CPU, O_DIRECT or a " \
	     "device since it was protected, and not after a read, a migration or a fork()") \
	RULE(FRAMES_OF_MEMORY, "frames-of-memory", "S1", \
	     "kpage_read() (6.1: kpagecount_read(), kpageflags_read()), fs/proc/page.c", \
	     "kpagecount and kpageflags show the frames of memory only, and none of a device") \
	RULE(FLAGS_AS_A_WHOLE, "flags-as-a-whole", "S7", \
	     "kiocb_set_rw_flags(), include/linux/fs.h; iomap_dio_rw(), blkdev_direct_write()", \
	     "a transfer whose flags, length or offset are refused writes nothing; an accepted " \
	     "one writes all bytes, with RWF_APPEND at the end of the file") \
	RULE(HUGE_AS_ADVISED, "huge-as-advised", "S2", \
	     "do_set_pmd(), finish_fault(), mm/memory.c; vma_thp_disabled(), since 6.12; " \
	     "shmem_allowable_huge_orders(), mm/shmem.c", \
	     "a mapping with MADV_NOHUGEPAGE maps a huge page of shared memory by PTEs, not by a " \
	     "PMD; a file has huge pages only as the settings allow") \
	RULE(DIRTY_OUTLIVES, "dirty-outlives-mapping", "S3", \
	     "zap_huge_pmd(), mm/huge_memory.c; bio_set_pages_dirty(), block/bio.c", \
	     "reclaim keeps the bytes that the CPU or a transfer wrote to a page, also after the " \
	     "page was unmapped") \
	RULE(SOURCES_OF_BUFFER, "sources-of-buffer", "S7", "io_pin_pages(), io_uring/rsrc.c", \
	     "registration of a buffer that spans two files fails up to Linux 6.4; since 6.5 it " \
	     "pins the pages of both") \
	RULE(CLONE_WITHIN, "clone-within", "S7", \
	     "io_clone_buffers(), since 6.12, io_uring/rsrc.c", \
	     "IORING_REGISTER_CLONE_BUFFERS of a range that is not within the table of the " \
	     "source ring fails and clones nothing") \
	RULE(POSITION_FOLLOWS, "position-follows", "S7", \
	     "ksys_read(), ksys_write(), fs/read_write.c; iomap_dio_complete()", \
	     "the position of a file advances by exactly the number of bytes that the call " \
	     "returns") \
	RULE(PARTIAL_TRANSFER, "partial-transfer", "S7", \
	     "bio_iov_iter_get_pages(), iov_iter_get_pages2()", \
	     "a transfer stops at the first page that it may not access: it transfers the bytes " \
	     "before that page, or none") \
	RULE(HOLE_IS_FILLED, "hole-is-filled", "S2", "do_anonymous_page(), mm/memory.c", \
	     "an access to a page that was never touched maps a zero-filled page of system " \
	     "memory") \
	RULE(REFERENCE_A_MAPPING, "reference-a-mapping", "S4", \
	     "do_wp_page(), free_zone_device_folio() (6.1: free_zone_device_page()); offset gone " \
	     "with ef233450898f", \
	     "a device page has one reference for each mapping, one for each FOLL_GET and 1024 " \
	     "for each FOLL_PIN, and no offset") \
	RULE(ACCOUNTS_RETURN, "accounts-return", "S3", \
	     "add_mm_rss_vec(), mem_cgroup_uncharge() in free_zone_device_folio() (6.1: " \
	     "free_zone_device_page())", \
	     "unmapping a device page reverses its accounting: RSS, charge of the memory cgroup, " \
	     "committed memory") \
	RULE(FREED_TO_DRIVER, "freed-to-the-driver", "S3", \
	     "zap_pte_range(), free_zone_device_folio() (6.1: free_zone_device_page())", \
	     "the last unmap of a device page returns it to the driver exactly once") \
	RULE(NODE_OF_DEVICE, "node-of-device", "S1", \
	     "memremap_pages(), mm/memremap.c; lookup_node(), mm/mempolicy.c", \
	     "all pages of a device are on the NUMA node that its driver set, and the kernel " \
	     "reports this node for each") \
	RULE(NODES_PASS_OVER, "nodes-pass-over", "S2", \
	     "do_pages_stat_array(), add_folio_for_migration() (6.1: add_page_for_migration()), " \
	     "queue_folios_pte_range()", \
	     "calls that query or move memory by NUMA node skip device pages, whatever the node " \
	     "of these is") \
	RULE(COPY_BY_POLICY, "copy-by-policy", "S5", \
	     "wp_page_copy(), migrate_device_coherent_folio() (6.1: " \
	     "migrate_device_coherent_page()); mbind(2)", \
	     "a page of system memory that replaces a device page is allocated by the memory " \
	     "policy of the mapping, or by the task's if the mapping has none") \
	RULE(BACK_BY_POLICY, "back-by-policy", "S2", \
	     "dmirror_devmem_fault_alloc_and_copy(), lib/test_hmm.c", \
	     "test_hmm allocates pages for migration back by the memory policy of the mapping, " \
	     "or by the task's if the mapping has none") \
	RULE(ONLY_ANONYMOUS, "only-anonymous", "S2", \
	     "migrate_device_pages(), mm/migrate_device.c", \
	     "a page of a file or of shared memory is not migrated to a device; test_hmm then " \
	     "returns ENOENT") \
	RULE(RANGE_REFUSED, "range-refused", "S2", \
	     "dmirror_migrate_to_device(), dmirror_fops_unlocked_ioctl(); migrate_vma_setup()", \
	     "migration of a range that is empty, not page-aligned, not mapped or not readable " \
	     "fails and moves no page") \
	RULE(MIRROR_OF_OPENER, "mirror-of-opener", "S2", "dmirror_fops_open(), lib/test_hmm.c", \
	     "a device file mirrors the address space of the process that opened it, whichever " \
	     "process uses the file, and nothing after that process has exited") \
	RULE(DEVICE_EXCLUSIVE, "device-exclusive", "S1", \
	     "make_device_exclusive() (up to 6.14: make_device_exclusive_range()), " \
	     "restore_exclusive_pte()", \
	     "exclusive access by a device replaces the PTE by a device-exclusive entry; the " \
	     "next access by the CPU maps the same page again") \
	RULE(NO_PAGE_NO_MOVE, "no-page-no-move", "S2", \
	     "migrate_device_pages(), remove_migration_ptes(); do_swap_page()", \
	     "a page for which the driver has no destination page stays mapped as before, with " \
	     "its bytes; what needed it in memory fails") \
	RULE(CLOSE_EVICTS, "close-evicts", "S3", \
	     "dmirror_device_evict_chunk(), migrate_device_range()", \
	     "eviction migrates all pages of a device to system memory, in every process that " \
	     "maps them, and keeps permission and exclusivity") \
	RULE(MARKS_TRAVEL, "marks-travel", "S2", \
	     "migrate_vma_collect_pmd(), remove_migration_pte()", \
	     "migration preserves the soft-dirty bit and the userfaultfd write protection of a " \
	     "page") \
	RULE(MONITOR_FILLS, "monitor-fills", "S2", \
	     "migrate_vma_insert_page(), userfaultfd_missing()", \
	     "migration does not fill a missing page in a range that is registered with " \
	     "userfaultfd for missing pages") \
	RULE(FILLED_AS_ASKED, "filled-as-asked", "S2", \
	     "mfill_atomic(), mfill_atomic_install_pte() (6.1: __mcopy_atomic(), " \
	     "mfill_atomic_install_pte()), mm/userfaultfd.c", \
	     "UFFDIO_COPY, UFFDIO_ZEROPAGE and UFFDIO_CONTINUE fill holes with the given bytes, " \
	     "replace no page, and return how many bytes they have filled") \
	RULE(RANGE_TO_WATCH, "range-to-watch", "S2", \
	     "userfaultfd_register(), vma_can_userfault(), validate_range(), mrwprotect_range()", \
	     "userfaultfd registers anonymous memory, shared memory and hugetlb at any address, " \
	     "each for the modes that it has, and refuses all other mappings and ranges") \
	RULE(MONITOR_HAS_FEATURE, "monitor-has-feature", "S5", \
	     "userfaultfd_api(), mm/userfaultfd.c (6.12: fs/userfaultfd.c)", \
	     "UFFDIO_API grants features that the kernel has, once, and refuses a request with " \
	     "any other feature or version with EINVAL") \
	RULE(FLAGS_STAY, "flags-stay", "S2", \
	     "madvise_vma_behavior(), ksm_madvise(), mlock_fixup(), mprotect_fixup()", \
	     "a call that changes a flag of a VMA changes no other flag, and undoing it gives " \
	     "the flags of before") \
	RULE(MONITOR_LETS_GO, "monitor-lets-go", "S5", \
	     "userfaultfd_clear_vma() (6.1: userfaultfd_unregister()), move_ptes(), " \
	     "copy_nonpresent_pte(), copy_present_ptes() (6.1: copy_present_pte())", \
	     "protection by userfaultfd ends when the range is unregistered; mremap() and fork() " \
	     "do not carry it to a mapping that is not registered") \
	RULE(COUNTED_AS_MEMORY, "counted-as-memory", "S1", \
	     "smaps_pte_entry(), pagemap_page_category() (since 6.7), fs/proc/task_mmu.c; " \
	     "vm_normal_page()", \
	     "smaps, pagemap and PAGEMAP_SCAN report a device page as present anonymous memory") \
	RULE(NOT_MERGED, "not-merged", "S2", "ksm_scan_thread(), get_mergeable_page(), mm/ksm.c", \
	     "KSM does not merge a device page, and does not replace a page of memory by a page " \
	     "on a device") \
	RULE(MERGED_IS_SHARED, "merged-is-shared", "S5", \
	     "break_ksm(), unmerge_ksm_pages(), __ksm_enter(), ksm_execve(), mm/ksm.c", \
	     "a page that KSM has merged is shared: who unmerges, writes, locks or pins it gets " \
	     "a copy with the same bytes and marks, and the others keep the page") \
	RULE(ZERO_PAGES_COUNTED, "zero-pages-counted", "S3", \
	     "ksm_map_zero_page(), ksm_might_unmap_zero_page(), mm/ksm.c, since 6.6", \
	     "KSM counts each zero page by which it has replaced a page, until it is written, " \
	     "freed or unmerged, and nothing else of a child that was not scanned") \
	RULE(NOT_RECLAIMED, "not-reclaimed", "S2", \
	     "madvise_cold_or_pageout_pte_range(), mm/madvise.c; shrink_folio_list()", \
	     "reclaim skips device pages, which are on no LRU list: they are neither aged nor " \
	     "swapped out") \
	RULE(SWAP_KEEPS, "swap-keeps", "S2", \
	     "migrate_vma_collect_pmd(), shrink_folio_list(), do_swap_page()", \
	     "a page that was swapped out and in has the bytes that were written last, on the " \
	     "device or in memory; a swap entry is not migrated") \
	RULE(SWAP_CACHE, "swap-cache", "S2", "migrate_device_pages(), folio_free_swap()", \
	     "migration to a device first removes a page from the swap cache; up to Linux 6.5 it " \
	     "does not migrate such a page") \
	RULE(LOCKED_AS_MEMORY, "locked-as-memory", "S3", \
	     "mlock_pte_range(), mlock_vma_folio(), munlock_vma_folio() (6.1: " \
	     "munlock_vma_page())", \
	     "Mlocked counts locked pages of system memory, not of a device; munlock() and " \
	     "munmap() end that, also for pages that were on a device in between") \
	RULE(MAPPINGS_ARE_COUNTED, "mappings-are-counted", "S3", \
	     "mlock_fixup(), apply_vma_lock_flags(), mm/mlock.c; move_vma(), mm/mremap.c", \
	     "VmLck counts each page of a locked mapping once, however mappings are split, " \
	     "merged and moved") \
	RULE(MAPPINGS_JOIN, "mappings-join", "S2", \
	     "vma_merge_existing_range(), vma_merge_new_range(), mm/vma.c (6.1: vma_merge(), " \
	     "mm/mmap.c); __get_unmapped_area()", \
	     "a call that changes a part of a VMA splits it, and adjacent VMAs that are " \
	     "compatible afterwards are merged; a mapping is where its caller asks for it, if " \
	     "that is free") \
	RULE(REMAPPED, "remapped", "S2", \
	     "check_mremap_params(), check_prep_vma() (6.1: vma_to_resize()), " \
	     "move_page_tables(), mm/mremap.c", \
	     "mremap() moves the pages of one mapping with their frames and bytes, and fails " \
	     "with the documented errno without a change otherwise") \
	RULE(WHOLE_RANGE, "whole-range", "S2", \
	     "do_mprotect_pkey(), mm/mprotect.c; mwriteprotect_range(), mm/userfaultfd.c; " \
	     "apply_vma_lock_flags(), mm/mlock.c; madvise_walk_vmas(), mm/madvise.c; " \
	     "queue_pages_test_walk(), mm/mempolicy.c", \
	     "a call over several mappings acts on all pages of its range and returns success, " \
	     "or returns the errno of the place where it ended") \
	RULE(POLICY_IS_SHOWN, "policy-is-shown", "S1", \
	     "mpol_to_str(), mm/mempolicy.c; show_numa_map()", \
	     "numa_maps shows the memory policy that was set for a mapping, with all of its mode " \
	     "flags") \
	RULE(MBIND_GOES_ON, "mbind-goes-on", "S2", \
	     "queue_folios_pte_range(), do_mbind(), mm/mempolicy.c", \
	     "mbind() with MPOL_MF_STRICT and MPOL_MF_MOVE moves all pages that can be moved and " \
	     "returns EIO if some cannot") \
	RULE(REPORTED_BY_STATE, "reported-by-state", "S1", \
	     "smaps_pte_entry(), pagemap_page_category(), fs/proc/task_mmu.c; " \
	     "do_pages_stat_array(), mm/migrate.c", \
	     "smaps, move_pages() and PAGEMAP_SCAN report a page by the state of its entry: in " \
	     "memory, on a device, swapped, a zero page or a hole") \
	RULE(PAGEMAP_BY_PAGE, "pagemap-by-page", "S1", \
	     "pte_to_pagemap_entry(), pagemap_pmd_range_thp() (6.1: pagemap_pmd_range()), " \
	     "pagemap_scan_pmd_entry(), fs/proc/task_mmu.c", \
	     "pagemap and PAGEMAP_SCAN report the state of each single page: of a file or " \
	     "anonymous, mapped once or not, write-protected or not") \
	RULE(FRESH_FRAME, "fresh-frame", "S3", \
	     "free_zone_device_folio() (6.1: free_zone_device_page()), zone_device_page_init()", \
	     "a page frame that was returned to the driver has none of its former state when it " \
	     "is used again") \
	RULE(HUGE_IS_SPLIT, "huge-is-split", "S2", \
	     "migrate_vma_collect_pmd(), split_huge_page(); dmirror_migrate_alloc_and_copy(); " \
	     "since 6.12: deferred_split_scan()", \
	     "migration to a device moves a huge page as one or splits it; what is not migrated " \
	     "stays mapped as before, with its bytes") \
	RULE(NOT_COLLAPSED, "not-collapsed", "S2", \
	     "collapse_scan_pmd() (up to 6.12: hpage_collapse_scan_pmd()), mm/khugepaged.c", \
	     "khugepaged and MADV_COLLAPSE do not collapse a range that has a page on a device") \
	RULE(COLLAPSE_BY_STATE, "collapse-by-state", "S2", \
	     "madvise_collapse_errno(), collapse_scan_pmd() (6.1: hpage_collapse_scan_pmd()), " \
	     "collapse_scan_file() (6.1: hpage_collapse_scan_file()), mm/khugepaged.c", \
	     "MADV_COLLAPSE makes one huge page of a range and keeps its bytes, or fails with " \
	     "the errno of the state of its pages and changes nothing") \
	RULE(HUGETLB_REFUSED, "hugetlb-refused", "S2", "migrate_vma_setup(), mm/migrate_device.c", \
	     "migration of hugetlb memory to a device fails with EINVAL") \
	RULE(HUGETLB_NOT_TAKEN, "hugetlb-not-taken", "S1", \
	     "make_device_exclusive() (up to 6.14: folio_make_device_exclusive()), mm/rmap.c", \
	     "exclusive access by a device to hugetlb memory fails and changes nothing") \
	RULE(HUGETLB_WHOLE_PAGES, "hugetlb-whole-pages", "S3", \
	     "madvise_dontneed_free_valid_vma(), madvise_dontneed_free(), mm/madvise.c", \
	     "MADV_DONTNEED frees only those huge pages of hugetlb that lie entirely in its " \
	     "range") \
	RULE(HUGETLB_FORCED, "hugetlb-forced", "S5", \
	     "check_vma_flags(), mm/gup.c; hugetlb_wp(), mm/hugetlb.c", \
	     "a FOLL_FORCE write to read-only hugetlb memory fails up to Linux 6.13; it never " \
	     "changes what other processes see") \
	RULE(SHARED_TABLE, "shared-table", "S2", \
	     "hugetlb_pmd_shared(): smaps_hugetlb_range(), fs/proc/task_mmu.c; " \
	     "queue_folios_hugetlb() (6.1: queue_pages_hugetlb()), mm/mempolicy.c", \
	     "hugetlb memory that is mapped through a shared page table counts as shared and is " \
	     "not moved by MPOL_MF_MOVE") \
	RULE(MOVED_BY_MAPPING, "moved-by-mapping", "S2", \
	     "move_pages(), move_present_ptes() (6.12: move_present_pte()), mm/userfaultfd.c", \
	     "UFFDIO_MOVE moves an exclusive page to another address and leaves it on its " \
	     "device; it refuses a shared page and a private one") \
	RULE(EVENTS_ARE_TOLD, "events-are-told", "S2", \
	     "userfault_msg(), userfaultfd_remove(), userfaultfd_unmap_complete(), " \
	     "mremap_userfaultfd_complete(), dup_userfaultfd_complete(), mm/userfaultfd.c (6.12: " \
	     "fs/userfaultfd.c)", \
	     "userfaultfd tells the exact range of a change of the watched memory, and the " \
	     "address, kind and thread of a fault") \
	RULE(LOCKED_WITHIN_LIMIT, "locked-within-limit", "S9", \
	     "do_mlock(), count_mm_mlocked_page_nr(), apply_mlockall_flags(), mm/mlock.c; " \
	     "mlock_future_ok() (6.1: " \
	     "mlock_future_check()); populate_vma_page_range(), mm/gup.c", \
	     "memory can be locked and can grow up to RLIMIT_MEMLOCK, each page counts once, and " \
	     "its pages are in memory unless it was locked with MLOCK_ONFAULT") \
	RULE(RIGHTS, "rights", "S9", \
	     "can_do_file_pageout() (6.1: can_do_pageout()), process_madvise(), mm/madvise.c; " \
	     "kernel_move_pages(), mm/migrate.c; do_mbind(), mm/mempolicy.c; can_do_mincore(), " \
	     "mm/mincore.c; userfaultfd_api(); __io_uring_register()", \
	     "a call that changes only the memory of its caller needs no right, one that changes " \
	     "or watches that of other processes or files needs one") \
	RULE(SHARED_BY_ALL, "shared-by-all", "S2", \
	     "__add_folio_for_migration() (6.1: add_page_for_migration()), mm/migrate.c; " \
	     "migrate_folio_add(), mm/mempolicy.c", \
	     "MPOL_MF_MOVE leaves pages alone that other processes map, too; MPOL_MF_MOVE_ALL " \
	     "moves them for all") \
	RULE(COUNTS_WHAT_STAYS, "counts-what-stays", "S2", \
	     "do_pages_move(), move_pages_and_store_status(), mm/migrate.c", \
	     "move_pages() returns how many pages it has not moved, with those that it has not " \
	     "tried") \
	RULE(SEALED_STAYS, "sealed-stays", "S5", \
	     "madvise_vma_behavior(), can_madvise_modify() (6.12: can_modify_vma_madv()), " \
	     "is_discard() (6.12: is_madv_discard()); memfd_add_seals(), check_write_seal()", \
	     "a sealed mapping keeps its place and permission, and read-only anonymous memory " \
	     "its bytes; hints are taken; a file sealed for writing is not mapped writable")

#endif
