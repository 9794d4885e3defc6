/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rules_access.h - the rules of accesses, pins, transfers and migration
 *
 * A part of RULES() in rules.h: RULE(identifier, name, claim, source, sentence).
 */
#ifndef HMM_COHERENT_RULES_ACCESS_H
#define HMM_COHERENT_RULES_ACCESS_H

#define RULES_OF_ACCESS(RULE) \
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
	RULE(UFFD_STOPS_ACCESS, "uffd-stops-access", "S5", \
	     "since 7.3: do_uffd_rwp(), gup_can_follow_protnone(), pte_to_hmm_pfn_flags()", \
	     "an access to a page that userfaultfd protects from access (UFFDIO_RWPROTECT) fails " \
	     "and changes nothing, and with UFFD_FEATURE_RWP_ASYNC it removes the protection") \
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
	     "RLIMIT_MEMLOCK until the ring is closed, wherever their pages were; rings do not") \
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
	     "none; it leaves out pages that are shared copy-on-write, too") \
	RULE(WATCHERS_PASS_OVER, "watchers-pass-over", "S1", \
	     "page_idle_get_folio() (6.1: page_idle_get_page()), mm/page_idle.c; " \
	     "damon_get_folio() (6.1: damon_get_page()), mm/damon/ops-common.c; " \
	     "damos_madvise(), mm/damon/vaddr.c", \
	     "idle page tracking and DAMON watch pages of memory and leave device pages as they " \
	     "are") \
	RULE(CPUSET_BINDS, "cpuset-binds", "S5", \
	     "cpuset_migrate_mm(), do_migrate_pages(); cpuset_nodemask_valid_mems_allowed(); " \
	     "mpol_rebind_mm()", \
	     "a change of cpuset.mems moves memory but no device page; a page that replaces a " \
	     "device page is on a node of the cpuset, and policies follow to its nodes") \
	RULE(MEMFD_IS_PINNED, "memfd-is-pinned", "S8", \
	     "memfd_pin_folios(), mm/gup.c; memfd_alloc_folio(), mm/memfd.c; udmabuf_create(), " \
	     "drivers/dma-buf/udmabuf.c", \
	     "since Linux 6.11 udmabuf pins the pages of a memfd outside of ZONE_MOVABLE; the " \
	     "DMA buffer always has the pages that the file has, and zeros for its holes") \
	RULE(NO_LEAK, "nobody-sees-the-other", "S5", \
	     "copy_present_ptes() (6.1: copy_present_pte()), do_wp_page(), mm/memory.c", \
	     "after fork() neither parent nor child sees bytes that the other one wrote later") \
	RULE(PIPE_KEEPS, "pipe-keeps", "S2", "pipe_write(), fs/pipe.c; link_pipe(), fs/splice.c", \
	     "a page that a pipe holds keeps its bytes: what is written to a pipe afterwards " \
	     "goes to a page of that pipe alone") \
	RULE(UPDATE_TELLS, "update-tells", "S7", \
	     "__io_sqe_buffers_update(), io_register_rsrc_update(), io_uring/rsrc.c", \
	     "an update of registered buffers returns how many slots it has replaced, also if " \
	     "the next one fails, and changes no other slot") \
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
	RULE(BLOCKS_ARE_WHOLE, "blocks-are-whole", "S7", \
	     "blkdev_dio_invalid() (up to 6.17: blkdev_dio_unaligned(), blkdev_dio_invalid()), " \
	     "block/fops.c; iomap_dio_bio_iter(), fs/iomap/direct-io.c", \
	     "a direct transfer is of whole blocks at a multiple of a block, from and to any " \
	     "address with the alignment that statx() tells; any other gets EINVAL") \
	RULE(PROBE_IS_HIT, "probe-is-hit", "S7", \
	     "uprobe_write(), __uprobe_write() (up to 6.15: uprobe_write_opcode(), " \
	     "__replace_page()), handle_swbp(), kernel/events/uprobes.c", \
	     "a uprobe that is registered is hit by each execution, wherever the page is, and " \
	     "the program runs as without it; a shared or a file's page is copied for it") \
	RULE(PROBE_IS_REMOVED, "probe-is-removed", "S7", \
	     "set_orig_insn(), remove_breakpoint(), kernel/events/uprobes.c", \
	     "a uprobe changes one instruction and no other byte; without it, the page has the " \
	     "bytes of before") \
	RULE(SEND_HOLDS_PAGE, "send-holds-page", "S7", \
	     "io_send_zc() (since 6.15: io_sendmsg_zc()), io_sg_from_iter(), io_uring/net.c; " \
	     "skb_zerocopy_iter_stream(), __zerocopy_sg_from_iter(), net/core", \
	     "SEND_ZC sends from the page itself, which the socket holds until its notification; " \
	     "send(2) has copied the bytes when it returns") \
	RULE(UNALIGNED_IS_BUFFERED, "unaligned-is-buffered", "S7", \
	     "check_direct_IO(), btrfs_direct_write(), btrfs_direct_read(), fs/btrfs/direct-io.c " \
	     "(6.1: fs/btrfs/file.c)", \
	     "btrfs transfers what is no whole blocks through the page cache: it copies, and " \
	     "leaves the pages where they are") \
	RULE(TIMES_OF_FILE, "times-of-file", "S7", \
	     "file_accessed(), fs/inode.c; fault_dirty_shared_page(), mm/memory.c; " \
	     "ext4_page_mkwrite(), fs/ext4/inode.c", \
	     "a read gives a file a new time of access, and a write one of change, by each way") \
	RULE(LONGTERM_NOT_OF_FILE, "longterm-not-of-file", "S7", \
	     "writable_file_mapping_allowed(), gup_fast_folio_allowed(), mm/gup.c (6.1: " \
	     "io_pin_pages(), io_uring/rsrc.c)", \
	     "a FOLL_LONGTERM pin for writing fails on a page of a file that needs dirty " \
	     "tracking, and succeeds on shared memory") \
	RULE(READ_ONLY_DEVICE, "read-only-device", "S7", \
	     "blkdev_mmap_prepare() (up to 6.12: blkdev_mmap()), blkdev_write_iter(), " \
	     "block/fops.c", \
	     "a block device that is read-only cannot be written, and cannot be mapped shared " \
	     "and writable") \
	RULE(RING_IN_PARTS, "ring-in-parts", "S7", \
	     "io_uring_mmap(), io_uring/memmap.c (6.1: io_uring/io_uring.c)", \
	     "a program can map the rings of io_uring in whole or from their beginning on")

#endif
