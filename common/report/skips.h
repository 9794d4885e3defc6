/* SPDX-License-Identifier: GPL-2.0 */
/*
 * skips.h - the reasons for which a test skips
 *
 * The only list of them: what is missing, and how to get it. A test calls
 * need(have, SKIP_ID). If the variable HMM_COHERENT_ID is set, the kernel of a
 * guest refused what is missing, and the test fails instead.
 * docs/skip-reasons.md has a row for each reason; lint compares it with this
 * table.
 */
#ifndef HMM_COHERENT_SKIPS_H
#define HMM_COHERENT_SKIPS_H

/* SKIP(id, what is missing, how to get it) */
#define SKIPS(SKIP) \
	SKIP(NO_GUP_TEST, "no gup_test here", \
	     "the kernel needs CONFIG_GUP_TEST, and debugfs must be mounted") \
	SKIP(NO_STAYING_PINS, "no gup_test with pins that outlive the ioctl", \
	     "the kernel must be Linux 6.2 or later") \
	SKIP(NO_IO_URING, "no io_uring here", \
	     "the kernel needs CONFIG_IO_URING and kernel.io_uring_disabled=0") \
	SKIP(NO_IOMMUFD, "no mock domain of iommufd here", \
	     "the kernel needs CONFIG_IOMMUFD_TEST, and the programs a tree of Linux 6.2 or " \
	     "later") \
	SKIP(NO_FAIL_NTH, "no failure points here", \
	     "the kernel needs CONFIG_FAULT_INJECTION_DEBUG_FS, CONFIG_FAILSLAB, " \
	     "CONFIG_FAIL_PAGE_ALLOC and CONFIG_FAULT_INJECTION_USERCOPY, and debugfs must be " \
	     "mounted") \
	SKIP(NO_MEMORY_FAILURE, "no memory failure here", \
	     "the kernel needs CONFIG_MEMORY_FAILURE") \
	SKIP(NOT_A_GUEST, "the test takes page frames from the machine for good", \
	     "run the test in a VM (--vm)") \
	SKIP(POISON_READS_MAPPING, \
	     "a kernel with DAX may crash at a memory failure of a device page", \
	     "the kernel must not have CONFIG_FS_DAX, and /proc/config.gz must say so; see " \
	     "docs/findings.md, hwpoison-coherent") \
	SKIP(BACK_HANGS, \
	     "test_hmm of this kernel loses a page if a migration back gets no memory", \
	     "kernels before 6.19 do not; see docs/findings.md, back-without-memory") \
	SKIP(NO_CORE, "no core dumps here", \
	     "the kernel needs CONFIG_COREDUMP, and the test needs root") \
	SKIP(NO_CPUSET, "no cgroup2 with a cpuset controller", \
	     "the kernel needs CONFIG_CPUSETS, and mount -t cgroup2 none /sys/fs/cgroup") \
	SKIP(NO_BALANCING, "no NUMA balancing here", \
	     "the kernel needs CONFIG_NUMA_BALANCING and two NUMA nodes (numa=fake=2)") \
	SKIP(NO_UDMABUF, "no udmabuf here", "the kernel needs CONFIG_UDMABUF") \
	SKIP(NO_DIR, "HMM_COHERENT_DIR is not set", \
	     "set it to a directory on a filesystem with O_DIRECT") \
	SKIP(NO_PART_OF_BLOCK, "direct I/O transfers whole pages here", \
	     "set HMM_COHERENT_DIR to a directory on a disk whose blocks are smaller than a page") \
	SKIP(NO_RAW, "HMM_COHERENT_RAW is not set", \
	     "set it to a block device that may be overwritten") \
	SKIP(NO_SLOW, "HMM_COHERENT_SLOW is not set", \
	     "set it to a slow block device that may be overwritten") \
	SKIP(NO_RAW_4K, "HMM_COHERENT_RAW_4K is not set", \
	     "set it to a block device with blocks of 4 KiB that may be overwritten") \
	SKIP(NO_XFS, "HMM_COHERENT_XFS is not set", \
	     "set it to a directory on xfs, or run with --profile wide") \
	SKIP(NO_BTRFS, "HMM_COHERENT_BTRFS is not set", \
	     "set it to a directory on btrfs, or run with --profile wide") \
	SKIP(NO_USERFAULTFD, "no userfaultfd here", "the kernel needs CONFIG_USERFAULTFD") \
	SKIP(NO_UFFD_WP, "no userfaultfd write protection here", \
	     "the kernel needs CONFIG_USERFAULTFD") \
	SKIP(NO_SOFT_DIRTY, "no soft-dirty bit here", "the kernel needs CONFIG_MEM_SOFT_DIRTY") \
	SKIP(NO_MOVABLE, "no ZONE_MOVABLE here", \
	     "online a memory block of one NUMA node of several as online_movable " \
	     "(numa=fake=2 makes two)") \
	SKIP(NO_UNMOVABLE_NODE, "each NUMA node has ZONE_MOVABLE memory", \
	     "boot without movablecore= and kernelcore=, or with a node that has no ZONE_MOVABLE") \
	SKIP(NO_NUMA, "no memory policies here", "the kernel needs CONFIG_NUMA") \
	SKIP(NO_TWO_NODES, "fewer than two NUMA nodes have memory", "boot with numa=fake=2") \
	SKIP(NO_TWO_CPUS, "only one processor", "a race needs two") \
	SKIP(NO_MEMCG, "no cgroup2 with a memory controller", \
	     "the kernel needs CONFIG_MEMCG, and mount -t cgroup2 none /sys/fs/cgroup") \
	SKIP(NO_MEMORY_RECLAIM, "no memory.reclaim here", \
	     "mount cgroup2 with the memory controller on /sys/fs/cgroup, on Linux 5.19 or later") \
	SKIP(NO_SWAP, "this kernel has no swap", "the kernel needs CONFIG_SWAP") \
	SKIP(NO_SWAP_FILES, "HMM_COHERENT_DIR is on a filesystem without swap files", \
	     "set it to a directory on ext4 or xfs") \
	SKIP(NO_THP, "this kernel has no transparent huge pages", \
	     "the kernel needs CONFIG_TRANSPARENT_HUGEPAGE") \
	SKIP(THP_IS_OFF, "huge pages are switched off", \
	     "set /sys/kernel/mm/transparent_hugepage/enabled to madvise or always") \
	SKIP(THP_TOO_LARGE, "a huge page of this kernel is larger than test_hmm's device", \
	     "use a kernel with smaller base pages") \
	SKIP(NO_HUGE_ZERO_PAGE, "this kernel has no huge zero page", \
	     "set /sys/kernel/mm/transparent_hugepage/use_zero_page to 1") \
	SKIP(NO_HUGE_SHMEM, "the page cache of this kernel has no huge pages", \
	     "a kernel before 6.10 needs CONFIG_BASE_FULL") \
	SKIP(NO_HUGETLB, "this kernel has no hugetlb", "the kernel needs CONFIG_HUGETLBFS") \
	SKIP(NO_KSM, "no KSM here", "the kernel needs CONFIG_KSM, and the test needs root") \
	SKIP(NO_KSM_COUNT, "this kernel has no /proc/PID/ksm_merging_pages", \
	     "the kernel must be Linux 5.19 or later") \
	SKIP(NOT_ALONE, "other processes change the counters of this machine", \
	     "run the test in a VM (--vm)") \
	SKIP(NO_EVICTION, \
	     "test_hmm may leave pages on the device when a file of it is closed", \
	     "the driver evicts them since 6.1.176, 6.12.86, 7.0.4, 7.1") \
	SKIP(DEAD_MIRROR_LOOP, "this kernel may loop for ever in test_hmm", \
	     "6.1.192, 6.12.117 and 7.3 do not; see docs/findings.md, dead-mirror-loop") \
	SKIP(SWAP_CACHE_BUG, "this kernel may hit a BUG in migration from the swap cache", \
	     "kernels before 6.6, 6.12.117 and 7.3 do not; see docs/findings.md, " \
	     "swap-cache-bug") \
	SKIP(NO_VDSO, "this process has no vDSO", "the kernel must be booted without vdso=0") \
	SKIP(NO_SOFT_OFFLINE, "page frames cannot be soft-offlined here", \
	     "run the test in a VM (--vm), with CONFIG_MEMORY_FAILURE") \
	SKIP(NO_LOCKDEP, "only lockdep detects this", \
	     "run with --profile debug (CONFIG_PROVE_LOCKING)") \
	SKIP(NO_KASAN, "only KASAN with CONFIG_SLUB_RCU_DEBUG (6.12) detects this", \
	     "run with --profile debug") \
	SKIP(LOCKDEP_STOPS_TRANSFER, \
	     "lockdep would report a lock of test_hmm and turn itself off", \
	     "run --destructive destructive.freed-by-transfer, which gets its own VM") \
	SKIP(RECLAIM_BREAKS_EXCLUSIVE, \
	     "reclaim of this kernel breaks the entry of exclusive access, and a fault does not " \
	     "end", \
	     "run --destructive destructive.exclusive-page-reclaimed, which gets its own VM") \
	SKIP(LOCKDEP_STOPS_HOTPLUG, \
	     "lockdep would report the lock order of test_hmm and turn itself off", \
	     "run the test in a VM without those that add memory to a device, as --profile " \
	     "debug does") \
	SKIP(NO_PROBE, "the probe of a feature lacks gup_test or a directory with O_DIRECT", \
	     "the kernel needs CONFIG_GUP_TEST, and HMM_COHERENT_DIR must be set") \
	SKIP(ONLY_PROBE_TELLS, "only the probe decides whether this kernel has a feature", \
	     "the kernel needs a valid release number, or /proc/config.gz (CONFIG_IKCONFIG_PROC)")

#define SKIP_ID(id, what, how) SKIP_##id,
enum skip_id { SKIPS(SKIP_ID) SKIP_COUNT };
#undef SKIP_ID

/* The identifier without its prefix: "NO_DIR". */
const char *skip_name(enum skip_id id);

/* The text for the result line: "no gup_test here: the kernel needs ...". */
const char *skip_reason(enum skip_id id);

#endif
