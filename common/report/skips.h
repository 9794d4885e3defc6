/* SPDX-License-Identifier: GPL-2.0 */
/*
 * skips.h - the reasons for which a test skips
 *
 * The only such list: what is missing here, and how to get it. A test says
 * need(have, SKIP_ID). docs/skip-reasons.md has a row for each, which lint
 * compares with this table.
 */
#ifndef HMM_COHERENT_SKIPS_H
#define HMM_COHERENT_SKIPS_H

/* SKIP(id, what is missing, how to get it) */
#define SKIPS(SKIP) \
	SKIP(NO_GUP_TEST, "no gup_test here", \
	     "the kernel needs CONFIG_GUP_TEST, and debugfs has to be mounted") \
	SKIP(NO_STAYING_PINS, "no gup_test with pins that outlive the ioctl", \
	     "Linux 6.2 and later have them") \
	SKIP(NO_IO_URING, "no io_uring here", \
	     "the kernel needs CONFIG_IO_URING and kernel.io_uring_disabled=0") \
	SKIP(NO_DIR, "HMM_COHERENT_DIR is not set", \
	     "name a directory on a filesystem with O_DIRECT") \
	SKIP(NO_RAW, "HMM_COHERENT_RAW is not set", \
	     "name a block device that may be overwritten") \
	SKIP(NO_SLOW, "HMM_COHERENT_SLOW is not set", \
	     "name a block device that is slow and may be overwritten") \
	SKIP(NO_USERFAULTFD, "no userfaultfd here", "the kernel needs CONFIG_USERFAULTFD") \
	SKIP(NO_UFFD_WP, "no userfaultfd write protection here", \
	     "the kernel needs CONFIG_USERFAULTFD") \
	SKIP(NO_SOFT_DIRTY, "no soft-dirty bit here", "the kernel needs CONFIG_MEM_SOFT_DIRTY") \
	SKIP(NO_MOVABLE, "no ZONE_MOVABLE here", \
	     "online a memory block of one NUMA node of several as online_movable " \
	     "(numa=fake=2 makes two)") \
	SKIP(NO_UNMOVABLE_NODE, "each NUMA node has ZONE_MOVABLE memory", \
	     "boot without movablecore= and kernelcore=, or leave one node without") \
	SKIP(NO_TWO_NODES, "there are no two NUMA nodes with memory", "boot with numa=fake=2") \
	SKIP(NO_TWO_CPUS, "only one processor", "a race needs two") \
	SKIP(NO_MEMCG, "no cgroup2 with a memory controller", \
	     "the kernel needs CONFIG_MEMCG, and mount -t cgroup2 none /sys/fs/cgroup") \
	SKIP(NO_MEMORY_RECLAIM, "no memory.reclaim here", \
	     "it takes cgroup2 with the memory controller on /sys/fs/cgroup and Linux 5.19") \
	SKIP(NO_SWAP, "this kernel has no swap", "it takes CONFIG_SWAP") \
	SKIP(NO_SWAP_FILES, "HMM_COHERENT_DIR is on a file system without swap files", \
	     "name a directory on ext4 or xfs") \
	SKIP(NO_THP, "this kernel has no transparent huge pages", \
	     "it takes CONFIG_TRANSPARENT_HUGEPAGE") \
	SKIP(THP_IS_OFF, "huge pages are switched off", \
	     "/sys/kernel/mm/transparent_hugepage/enabled is never") \
	SKIP(THP_TOO_LARGE, "a huge page of this kernel is larger than test_hmm's device", \
	     "it takes a kernel with smaller base pages") \
	SKIP(NO_HUGE_ZERO_PAGE, "this kernel has no huge zero page", \
	     "/sys/kernel/mm/transparent_hugepage/use_zero_page is not 1") \
	SKIP(NO_HUGE_SHMEM, "the page cache of this kernel has no huge pages", \
	     "kernels before 6.10 need CONFIG_BASE_FULL for them") \
	SKIP(NO_HUGETLB, "this kernel has no hugetlb", "it takes CONFIG_HUGETLBFS") \
	SKIP(NO_KSM, "this kernel has no KSM", "it takes CONFIG_KSM, and root") \
	SKIP(NO_KSM_COUNT, "this kernel has no /proc/PID/ksm_merging_pages", \
	     "Linux 5.19 and later have it") \
	SKIP(NOT_ALONE, "AnonPages counts all processes of this machine", \
	     "run it in a VM (--vm)") \
	SKIP(NO_EVICTION, \
	     "test_hmm may leave pages on the device when a file of it is closed", \
	     "it evicts since 6.1.176, 6.12.86, 7.0.4, 7.1") \
	SKIP(DEAD_MIRROR_LOOP, "this kernel may loop for ever in test_hmm", \
	     "6.1.192, 6.12.117 and 7.3 do not; see docs/findings.md, dead-mirror-loop") \
	SKIP(SWAP_CACHE_BUG, "this kernel may hit a BUG in migration from the swap cache", \
	     "kernels before 6.6, 6.12.117 and 7.3 do not; see docs/findings.md, " \
	     "swap-cache-bug") \
	SKIP(NO_LOCKDEP, "only lockdep sees this", \
	     "run with --profile debug (CONFIG_PROVE_LOCKING)") \
	SKIP(NO_KASAN, "only KASAN sees this, with CONFIG_SLUB_RCU_DEBUG (6.12)", \
	     "run with --profile debug") \
	SKIP(LOCKDEP_STOPS_TRANSFER, "lockdep would report test_hmm's lock and stop", \
	     "--destructive destructive.freed-by-transfer has a VM for it") \
	SKIP(LOCKDEP_STOPS_KSM, "lockdep would report test_hmm's lock order and stop", \
	     "run ksm.* in a VM without the tests that have the device grow, as " \
	     "--profile debug does") \
	SKIP(NO_PROBE, "the probe of a feature lacks gup_test or a directory with O_DIRECT", \
	     "the kernel needs CONFIG_GUP_TEST, and HMM_COHERENT_DIR names a directory") \
	SKIP(ONLY_PROBE_TELLS, "nothing but the probe says whether this kernel has a feature", \
	     "it takes a release number, or /proc/config.gz (CONFIG_IKCONFIG_PROC)")

#define SKIP_ID(id, what, how) SKIP_##id,
enum skip_id { SKIPS(SKIP_ID) SKIP_COUNT };
#undef SKIP_ID

/* What the result line says: "no gup_test here: the kernel needs ...". */
const char *skip_reason(enum skip_id id);

#endif
