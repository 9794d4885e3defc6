/* SPDX-License-Identifier: GPL-2.0 */
/*
 * splats.h - patterns of the first line of a kernel complaint
 *
 * The only list of them: common/report/kmsg.c includes it, report/splat.py
 * reads it. One macro per line. A pattern matches the beginning of a message,
 * after blanks; "*" matches any text. Only the beginning is compared, since the
 * name of a program or a path can contain any word. "cut here" is not a
 * pattern: only the lines after it show whether the test has allowed the
 * complaint.
 *
 * SPLAT(pattern)          a complaint
 * HARMLESS(pattern, why)  matches a SPLAT and is none
 *
 * No include guard: the file is included once for each use of the macros.
 */

/* WARN, BUG, oops, panic: kernel/panic.c, lib/bug.c, die() of each architecture. */
SPLAT("WARNING: ")
SPLAT("BUG: ")
SPLAT("kernel BUG at ")
SPLAT("Oops: ")
SPLAT("Internal error: ")
SPLAT("Kernel panic - not syncing")
SPLAT("Unable to handle kernel ")
SPLAT("Unable to handle paging request")
SPLAT("kernel tried to execute NX-protected page")
SPLAT("general protection fault")
SPLAT("stack segment: ")
SPLAT("double fault: ")
SPLAT("divide error: ")
SPLAT("int3: ")
SPLAT("invalid opcode: ")
SPLAT("Bad pagetable: ")
SPLAT("*: Corrupted page table at address ")

/* Sanitizers and checkers: lib/, mm/kasan/, mm/kfence/, mm/kmemleak.c, mm/page_poison.c. */
SPLAT("KASAN: ")
SPLAT("UBSAN: ")
SPLAT("kmemleak: * new suspected memory leak")
SPLAT("list_add corruption")
SPLAT("list_add double add")
SPLAT("list_del corruption")
SPLAT("refcount_t: ")
SPLAT("pagealloc: single bit error")
SPLAT("pagealloc: memory corruption")

/* Locks (most are WARNING), RCU, blocked tasks. */
SPLAT("DEBUG_LOCKS_WARN_ON")
SPLAT("INFO: trying to register non-static key")
SPLAT("INFO: task * blocked")
SPLAT("rcu: INFO: *detected *stall")
SPLAT("rcu: *kthread *starved")
SPLAT("watchdog: BUG: ")
SPLAT("watchdog: *Watchdog detected hard LOCKUP")
SPLAT("NMI watchdog: *Watchdog detected hard LOCKUP")

/* pte_ERROR() and the like; "Bad page state", "Bad page map", "Bad rss-counter" begin with BUG. */
SPLAT("*: bad pte ")
SPLAT("*: bad pmd ")
SPLAT("*: bad pud ")
SPLAT("*: bad p4d ")
SPLAT("*: bad pgd ")
SPLAT("Unsupported ZONE_DEVICE page type")

/* Slab: slab_bug() in mm/slub.c, "BUG kmalloc-64 (Not tainted): Poison overwritten". */
SPLAT("BUG * (*): ")

/*
 * Swap: swap_info_get(), get_swap_device() and, from 7.x on, swap_dup_entry_direct() of
 * mm/swapfile.c; zap_nonpresent_ptes() of mm/memory.c; mm/page_io.c, mm/zswap.c, and shmem's count
 * of its blocks.
 */
SPLAT("*: Bad swap file entry ")
SPLAT("*: Bad swap offset entry ")
SPLAT("*: Unused swap file entry ")
SPLAT("*: Unused swap offset entry ")
SPLAT("Bad swap file entry ")
SPLAT("unrecognized swap entry ")
SPLAT("Read-error on swap-device")
SPLAT("Write-error on swap-device")
SPLAT("Write error * on dio swapfile")
SPLAT("zswap: Decompression error")
SPLAT("*: ino=* i_blocks=* alloced=")

/* Inconsistent counters and file systems: mm/hugetlb.c, fs/ext4/super.c. */
SPLAT("hugetlb: Huge Page Reserved count may go negative")
SPLAT("HugeTLB *unexpected inflated ref count")
SPLAT("EXT4-fs error ")

/* Out of memory, mm/oom_kill.c: a test that causes it on purpose calls kmsg_allow(). */
SPLAT("* invoked oom-killer: ")
SPLAT("Out of memory: Killed process ")
SPLAT("Out of memory (oom_kill_allocating_task): Killed process ")
SPLAT("Memory cgroup out of memory: Killed process ")
SPLAT("Out of memory and no killable processes")
SPLAT("Huh VM_FAULT_OOM leaked out")

HARMLESS("WARNING: *mand* mount option", "mount(8)'s note about a removed option")
