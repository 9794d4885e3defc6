/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rules.h - what must happen, and why
 *
 * A rule is a sentence about the kernel, the claim it serves (S1..S9, see
 * README.md), and the function that decides it. Rules are derived from the
 * kernel's source and documentation, never from the result of a run. Scenarios
 * cite them with set_rule(); the matrix computes a cell's whole outcome from
 * them (see model.h).
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

/* One row for each rule: identifier, name, claim, source, sentence. */
#define RULES(RULE) \
	RULE(NOTHING_ELSE_CHANGES, "nothing-else-changes", "S2", \
	     "nothing that the test calls may move or remap the page", \
	     "a page keeps its place, page frame, permission, exclusivity and bytes unless " \
	     "another rule says that they change") \
	RULE(ENTRY, "migration-is-the-way-in", "S2", "migrate_vma_pages(), mm/migrate_device.c", \
	     "migration moves a page to a device and keeps its bytes, permission and exclusivity " \
	     "in every process that maps it") \
	RULE(LEGAL_CALLS_WORK, "legal-calls-work", "S2", "the system call's manual page", \
	     "a system call with valid arguments, sufficient privileges and sufficient resources " \
	     "succeeds") \
	RULE(DRIVER_LOADS, "driver-loads", "S2", \
	     "hmm_dmirror_init(), dmirror_device_init(), lib/test_hmm.c", \
	     "test_hmm loads when it is given two ranges of memory, and creates a device node " \
	     "for each device") \
	RULE(KERNEL_SURVIVES, "kernel-survives", "S2", \
	     "Documentation/process/coding-style.rst, \"Do not crash the kernel\"", \
	     "the kernel neither kills a process that makes valid system calls nor leaves it " \
	     "hanging in one") \
	RULE(FEATURES_AS_KNOWN, "features-as-known", "S9", \
	     "common/suite/features.c, one row for each feature", \
	     "a probe of the kernel's behaviour gives the same answer as its version, " \
	     "configuration or interface") \
	RULE(OBSERVERS_AGREE, "observers-agree", "S1", \
	     "pagemap_read(), dmirror_snapshot(), dump_page()", \
	     "pagemap, the driver's snapshot and dump_page() can be read and report the same " \
	     "state of a page") \
	RULE(PROTECTION_AS_ASKED, "protection-as-asked", "S5", \
	     "change_pte_range(), mm/mprotect.c", \
	     "after mprotect() or UFFDIO_WRITEPROTECT the page table permits the requested " \
	     "accesses and nothing more") \
	RULE(FORK_SHARES, "fork-shares", "S5", \
	     "copy_present_ptes() (6.1: copy_present_pte()), copy_nonpresent_pte(), mm/memory.c", \
	     "fork() makes parent and child share each page, mapped read-only in both and not " \
	     "exclusive") \
	RULE(WRITES_ARE_TRACKED, "writes-are-tracked", "S5", \
	     "wp_page_reuse(), pte_mkdirty(), clear_soft_dirty()", \
	     "a page is soft-dirty after a write by the CPU, GUP, O_DIRECT or the device, and " \
	     "not before it") \
	RULE(NEXT_ACCESS_SEES, "next-access-sees", "S5", \
	     "ptep_clear_flush(), flush_tlb_range(), tlb_finish_mmu()", \
	     "the next access after a page table entry was changed or cleared uses the new " \
	     "entry, not a stale translation in the TLB") \
	RULE(WRITE_NEEDS_PERMISSION, "write-needs-vm-write", "S5", \
	     "check_vma_flags(), mm/gup.c; access_error(), arch fault.c", \
	     "a write through a mapping without VM_WRITE fails and changes nothing") \
	RULE(READ_NEEDS_PERMISSION, "read-needs-vm-read", "S1", \
	     "check_vma_flags(), mm/gup.c; access_error(), arch fault.c", \
	     "an access to a mapping without VM_READ fails and changes nothing") \
	RULE(UFFD_STOPS_WRITES, "uffd-wp-stops-writes", "S5", "do_wp_page(), handle_userfault()", \
	     "a write to a page that userfaultfd write-protects fails (UFFD_FEATURE_SIGBUS) and " \
	     "changes nothing") \
	RULE(FORCE_POLICY, "force-policy", "S7", "proc_mem_foll_force(), fs/proc/base.c", \
	     "a write to /proc/PID/mem fails and changes nothing where the kernel's " \
	     "configuration does not allow FOLL_FORCE") \
	RULE(FORCE_BREAKS_COW, "force-breaks-cow", "S5", "can_follow_write_pte(), mm/gup.c", \
	     "a FOLL_FORCE write changes an exclusive page in place and breaks COW of a shared " \
	     "page; the PTE stays read-only") \
	RULE(PRIVATE_FAULTS_BACK, "private-faults-back", "S1", "do_swap_page(), migrate_to_ram()", \
	     "an access by the CPU or GUP first migrates a device-private page to system memory, " \
	     "in every process that maps it") \
	RULE(OWNER_ALONE_REACHES, "owner-alone-reaches", "S1", "hmm_vma_handle_pte(), mm/hmm.c", \
	     "hmm_range_fault() shows a private page to its own device only; an access by " \
	     "another device first migrates it to system memory, in every process that maps it") \
	RULE(SHARED_IS_COPIED, "shared-is-copied", "S5", \
	     "do_wp_page() -> wp_page_copy(), mm/memory.c", \
	     "a write to a shared page gives the writer a copy in system memory; the other " \
	     "processes keep the page") \
	RULE(LAST_SHARER_REUSES, "last-sharer-reuses", "S5", \
	     "do_wp_page(), wp_can_reuse_anon_folio() (6.1: within do_wp_page()), mm/memory.c", \
	     "the last process that maps a formerly shared page writes it in place and makes it " \
	     "exclusive again") \
	RULE(EXCLUSIVE_IS_REUSED, "exclusive-is-reused", "S5", \
	     "do_wp_page() -> wp_page_reuse(), can_change_pte_writable()", \
	     "a write to an exclusive page reuses it in place, on the device, also after it was " \
	     "mapped read-only") \
	RULE(PIN_UNSHARES, "pin-unshares", "S7", \
	     "gup_must_unshare(), do_wp_page() with FAULT_FLAG_UNSHARE", \
	     "FOLL_PIN for reading first replaces a shared page by an exclusive copy, mapped " \
	     "with the same permission") \
	RULE(GET_LEAVES_SHARED, "get-leaves-shared", "S7", "gup_must_unshare(), mm/gup.c", \
	     "FOLL_GET for reading takes a reference to a shared page and does not unshare it") \
	RULE(LONGTERM_LEAVES_DEVICE, "longterm-leaves-device", "S7", \
	     "check_and_migrate_movable_pages(), folio_is_longterm_pinnable()", \
	     "FOLL_LONGTERM moves a device page to system memory before it pins it, and keeps " \
	     "permission and exclusivity") \
	RULE(LONGTERM_LEAVES_MOVABLE, "longterm-leaves-movable", "S8", \
	     "check_and_migrate_movable_pages(), folio_is_longterm_pinnable()", \
	     "FOLL_LONGTERM moves a page out of ZONE_MOVABLE before it pins it") \
	RULE(SHORT_PIN_STAYS, "short-pin-stays", "S7", \
	     "try_grab_folio() (6.1: try_grab_page()), mm/gup.c", \
	     "GUP without FOLL_LONGTERM takes its reference where the page is and does not move " \
	     "it") \
	RULE(CPU_IN_PLACE, "cpu-in-place", "S1", "vm_normal_page(), mm/memory.c", \
	     "the CPU reads and writes a coherent page in place; that the page is on a device " \
	     "causes no fault") \
	RULE(DEVICE_IN_PLACE, "device-in-place", "S1", "hmm_range_fault(), mm/hmm.c", \
	     "a device reads and writes a mapped page in place, with the permissions and faults " \
	     "of a CPU access") \
	RULE(MIRROR_IS_TOLD, "mirror-is-told", "S1", \
	     "mmu_notifier_invalidate_range_start(), Documentation/mm/mmu_notifier.rst", \
	     "a device that has mirrored a page is told before its entry or its page table is " \
	     "changed, and faults at its next access") \
	RULE(BACK, "migration-back", "S2", \
	     "migrate_vma_setup() with MIGRATE_VMA_SELECT_DEVICE_COHERENT/_PRIVATE", \
	     "migration back moves the pages of this device and no others to system memory, in " \
	     "every process that maps them, and keeps permission and exclusivity") \
	RULE(BACK_IS_MEMORY, "back-is-memory", "S3", \
	     "migrate_device_finalize() -> folio_putback_lru(); shrink_folio_list()", \
	     "a page that was migrated back is ordinary memory: it is on an LRU list and can be " \
	     "reclaimed and swapped out") \
	RULE(ONLY_FROM_SYSTEM, "only-from-system", "S2", \
	     "migrate_vma_collect_pmd() with MIGRATE_VMA_SELECT_SYSTEM", \
	     "migration to a device takes pages of system memory only; a page that is on a " \
	     "device stays there") \
	RULE(PINNED_STAYS, "pinned-stays", "S7", "migrate_vma_check_page(), mm/migrate_device.c", \
	     "a page that has more references than mappings is not migrated") \
	RULE(ZERO_PAGE_NOT_PINNED, "zero-page-not-pinned", "S7", \
	     "try_grab_folio() (6.1: try_grab_page(), try_grab_folio()), gup_put_folio(), " \
	     "mm/gup.c", \
	     "a short-term pin of the zero page succeeds, but takes no reference and is not " \
	     "counted in nr_foll_pin_acquired") \
	RULE(PIN_FOLLOWS_OWNER, "pin-follows-owner", "S7", \
	     "folio_needs_cow_for_dma() (6.1: page_needs_cow_for_dma()), include/linux/mm.h; " \
	     "copy_present_page(), mm/memory.c", \
	     "a pinned page stays the page that the process which pinned it maps, also after " \
	     "fork()") \
	RULE(PIN_ENDS_WITH_HOLDER, "pin-ends-with-holder", "S7", \
	     "io_buffer_unmap(), unpin_user_pages(); io_ring_ctx_free()", \
	     "a pin is released with its last holder, and then the page can be migrated again") \
	RULE(PINS_ARE_ACCOUNTED, "pins-are-accounted", "S7", \
	     "io_account_mem(), io_buffer_account_pin(), io_uring/rsrc.c", \
	     "registered buffers of a user without CAP_IPC_LOCK count in VmPin and against " \
	     "RLIMIT_MEMLOCK, wherever their pages were before") \
	RULE(IOMMU_MAPS_PINNED, "iommu-maps-pinned", "S7", \
	     "since 6.2: iopt_area_fill_domain(), pfn_reader_user_pin(), " \
	     "drivers/iommu/iommufd/pages.c", \
	     "iommufd pins memory when a device is attached to its address space, and then the " \
	     "device has the page frames that the process maps") \
	RULE(IOMMU_IS_ACCOUNTED, "iommu-is-accounted", "S7", \
	     "since 6.2: pfn_reader_user_update_pinned(), drivers/iommu/iommufd/pages.c", \
	     "pages that iommufd pins count in VmPin, and against RLIMIT_MEMLOCK of a user " \
	     "without CAP_IPC_LOCK, until they are unmapped for devices") \
	RULE(RING_MEMORY_PINNED, "ring-memory-pinned", "S7", \
	     "io_pin_pages(), io_uring/memmap.c (6.1: io_uring/rsrc.c); io_free_region()", \
	     "memory that a program provides to io_uring for queues, a ring of buffers or a " \
	     "region is pinned for writing until the ring is closed or the memory unregistered") \
	RULE(FAILURE_LOSES_NOTHING, "failure-loses-nothing", "S3", \
	     "error paths of migrate_vma_setup(), wp_page_copy(), __gup_longterm_locked(), " \
	     "copy_page_range(), io_sqe_buffer_register(), dmirror_migrate_to_device()", \
	     "an operation that gets no memory or cannot copy its arguments returns an error or " \
	     "is repeated; each page keeps its bytes and permission, and can be used afterwards") \
	RULE(FAILED_DEVICE_PAGE, "failed-device-page", "S3", \
	     "mf_generic_kill_procs(), soft_offline_page(), mm/memory-failure.c", \
	     "a hardware error of a device page is refused with ENXIO, and its soft offlining " \
	     "with EIO: the kernel takes no device page out of use") \
	RULE(POISON_IS_NOT_READ, "poison-is-not-read", "S2", \
	     "hwpoison_user_mappings(), try_to_unmap_one(); migrate_vma_collect_pmd()", \
	     "an access to a page with a hardware error ends in SIGBUS; migration leaves such a " \
	     "page out and moves its neighbours") \
	RULE(MERGE_KEEPS_DIRTY, "merge-keeps-dirty", "S2", "replace_page(), mm/ksm.c", \
	     "a page that was written since the soft-dirty bits were cleared is still soft-dirty " \
	     "after KSM has merged it") \
	RULE(FREED_FOR_ONE, "freed-for-one", "S2", \
	     "madvise_free_pte_range(), mm/madvise.c; folio_mark_lazyfree(), try_to_unmap_one()", \
	     "MADV_FREE gives up the bytes of the mapping that it is called for, and of no other " \
	     "mapping of the page") \
	RULE(LARGE_IS_SPLIT, "large-is-split", "S2", \
	     "migrate_vma_collect_pmd(), migrate_vma_split_folio(), mm/migrate_device.c", \
	     "a page of a large folio that is mapped by itself stays in memory up to Linux " \
	     "6.18; since 6.19 the folio is split and only the pages of the range move") \
	RULE(CHARGE_MOVES, "charge-moves", "S3", \
	     "mem_cgroup_migrate(), mm/memcontrol.c, called by folio_migrate_flags()", \
	     "a page that replaces another one takes over its charge: migration and long-term " \
	     "pins succeed at memory.max and do not change memory.current") \
	RULE(COPY_NEEDS_ROOM, "copy-needs-room", "S5", \
	     "mem_cgroup_charge() in wp_page_copy(), mm/memory.c; mem_cgroup_oom()", \
	     "a copy of a shared page is charged to the cgroup of the writer; if that has no " \
	     "room, the writer is killed and the other processes keep the page") \
	RULE(CORE_HAS_BYTES, "core-has-bytes", "S7", \
	     "get_dump_page(), mm/gup.c; dump_user_range(), fs/coredump.c", \
	     "a core dump contains the bytes of pages on a device, and leaves coherent pages " \
	     "where they are") \
	RULE(DEBUGGER_IN_RANGE, "debugger-in-range", "S7", \
	     "process_vm_rw_pages(), mm/process_vm_access.c; access_remote_vm(), mm/memory.c", \
	     "an access from outside that begins or ends inside a page transfers the bytes of " \
	     "its range and no others, also across the border of device and memory") \
	RULE(BALANCING_PASSES_OVER, "balancing-passes-over", "S1", \
	     "change_pte_range() with MM_CP_PROT_NUMA, mm/mprotect.c; folio_can_map_prot_numa()", \
	     "the scan of NUMA balancing leaves the permission of device pages alone and moves " \
	     "none") \
	RULE(CPUSET_BINDS, "cpuset-binds", "S5", \
	     "cpuset_migrate_mm(), do_migrate_pages(); cpuset_nodemask_valid_mems_allowed()", \
	     "a change of cpuset.mems moves memory but no device page; a page that replaces a " \
	     "device page is on a node of the cpuset") \
	RULE(MEMFD_IS_PINNED, "memfd-is-pinned", "S8", \
	     "memfd_pin_folios(), mm/gup.c; udmabuf_create(), drivers/dma-buf/udmabuf.c", \
	     "since Linux 6.11 udmabuf pins the pages of a memfd and moves them out of " \
	     "ZONE_MOVABLE; the DMA buffer always has the pages that the file has") \
	RULE(NO_LEAK, "nobody-sees-the-other", "S5", \
	     "copy_present_ptes() (6.1: copy_present_pte()), do_wp_page(), mm/memory.c", \
	     "after fork() neither parent nor child sees bytes that the other one wrote later") \
	RULE(BYTES_ARRIVE, "bytes-arrive", "S7", "bio_iov_iter_get_pages(), block/bio.c", \
	     "a transfer writes its own bytes and no others, at the right place in memory and on " \
	     "the medium") \
	RULE(PROVIDED_ARE_COUNTED, "provided-are-counted", "S7", \
	     "io_provide_buffers_prep(), io_remove_buffers_legacy() (up to 6.12: " \
	     "__io_remove_buffers()), io_buffer_select(), io_uring/kbuf.c", \
	     "each buffer provided to a ring has an ID from 0 to 65535 and at least one byte and " \
	     "is selected once; removal returns how many buffers it removed") \
	RULE(RING_OF_BUFFERS, "ring-of-buffers", "S7", \
	     "io_ring_buffer_select(), io_kbuf_commit() (6.1: io_buffer_select()), " \
	     "io_register_pbuf_ring(), io_uring/kbuf.c", \
	     "a request takes the first buffer of a ring, fills it in place, and uses it up only " \
	     "as far as it has got data") \
	RULE(DIRECT_IS_DIRECT, "direct-is-direct", "S7", \
	     "iomap_dio_rw(), fs/iomap/direct-io.c; blkdev_direct_IO(), block/fops.c", \
	     "an aligned O_DIRECT transfer of allocated blocks bypasses the page cache") \
	RULE(LONGTERM_NOT_OF_FILE, "longterm-not-of-file", "S7", \
	     "writable_file_mapping_allowed(), gup_fast_folio_allowed(), mm/gup.c (6.1: " \
	     "io_pin_pages(), io_uring/rsrc.c)", \
	     "a FOLL_LONGTERM pin for writing fails on a page of a file that needs dirty " \
	     "tracking, and succeeds on shared memory") \
	RULE(END_OF_FILE, "end-of-file", "S3", \
	     "truncate_pagecache(), truncate_inode_partial_folio(), mm/truncate.c; " \
	     "finish_fault(), filemap_fault()", \
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
	RULE(GUARD_FREES, "guard-frees", "S3", "madvise_guard_install(), mm/madvise.c", \
	     "MADV_GUARD_INSTALL frees the pages of its range, also those on a device, and no " \
	     "others") \
	RULE(FILL_NEEDS_HOLE, "fill-needs-hole", "S2", \
	     "mfill_atomic_install_pte(), mfill_atomic_pte_zeropage(), mfill_atomic_pte_poison()", \
	     "userfaultfd fills a hole only: where there is a page, on a device or not, it fails " \
	     "with EEXIST and changes nothing") \
	RULE(HINTS_FROM_OUTSIDE, "hints-from-outside", "S2", \
	     "process_madvise_behavior_valid() (later process_madvise_remote_valid()), mm/madvise.c", \
	     "process_madvise() gives hints about another process's memory, which leave device " \
	     "pages in place, and refuses advice that frees pages") \
	RULE(MOVES_WITH_ADDRESS, "moves-with-address", "S2", \
	     "move_ptes(), move_soft_dirty_pte(), mm/mremap.c", \
	     "mremap() moves the entries of present and of private pages to the new address, with " \
	     "frame and permission, makes them soft-dirty, and leaves holes") \
	RULE(NOT_FORKED, "not-forked", "S5", "dup_mmap(), kernel/fork.c (later mm/mmap.c)", \
	     "a child has no mapping of memory with MADV_DONTFORK and an empty one of memory with " \
	     "MADV_WIPEONFORK; the parent's pages stay exclusive") \
	RULE(SCAN_FINDS_WRITES, "scan-finds-writes", "S5", \
	     "pagemap_scan_pmd_entry(), make_uffd_wp_pte(), fs/proc/task_mmu.c", \
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
	     "do_set_pmd(), mm/memory.c; vma_thp_disabled(), since 6.12", \
	     "a mapping with MADV_NOHUGEPAGE maps a huge page of shared memory by PTEs, not by a " \
	     "PMD") \
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
	     "migrate_device_pages(), remove_migration_ptes()", \
	     "a page for which the driver has no destination page stays mapped as before, with " \
	     "its bytes") \
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
	     "userfaultfd_register(), vma_can_userfault(), validate_range()", \
	     "userfaultfd registers anonymous memory, shared memory and hugetlb at any address, " \
	     "each for the modes that it has, and refuses all other mappings and ranges") \
	RULE(FLAGS_STAY, "flags-stay", "S2", \
	     "madvise_vma_behavior(), ksm_madvise(), mlock_fixup(), mprotect_fixup()", \
	     "a call that changes a flag of a VMA changes no other flag, and undoing it gives " \
	     "the flags of before") \
	RULE(MONITOR_LETS_GO, "monitor-lets-go", "S5", \
	     "userfaultfd_clear_vma() (6.1: userfaultfd_unregister()), move_ptes(), " \
	     "copy_nonpresent_pte(), copy_present_ptes() (6.1: copy_present_pte())", \
	     "userfaultfd write protection ends when the range is unregistered; mremap() and " \
	     "fork() do not carry it to a mapping that is not registered") \
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
	     "freed or unmerged") \
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
	     "mm/mmap.c)", \
	     "a call that changes a part of a VMA splits it, and adjacent VMAs that are " \
	     "compatible afterwards are merged") \
	RULE(REMAPPED, "remapped", "S2", \
	     "check_mremap_params(), check_prep_vma() (6.1: vma_to_resize()), " \
	     "move_page_tables(), mm/mremap.c", \
	     "mremap() moves the pages of one mapping with their frames and bytes, and fails " \
	     "with the documented errno without a change otherwise") \
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
	     "migrate_vma_collect_pmd(), split_huge_page(); dmirror_migrate_alloc_and_copy()", \
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
	     "device; it refuses a shared page and a private one")

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
