// SPDX-License-Identifier: GPL-2.0
// breaks: migration to a device of more pages than the driver takes at once leaves out the first
// breaks: page of the second part
// claim: S2
// rule: migration-is-the-way-in
// file: lib/test_hmm.c
// resembles: nothing known
// tests: long-ranges.*.to-and-fro

@@
@@
 dmirror_migrate_to_device(...)
 {
 <...
- args.start = addr;
+ args.start = addr + ((addr - start) >> PAGE_SHIFT >= PTRS_PER_PTE ? PAGE_SIZE : 0);
 ...>
 }

@@
@@
 dmirror_migrate_to_device(...)
 {
 <...
- args.start = addr;
+ args.start = addr + ((addr - start) >> PAGE_SHIFT >= 64 ? PAGE_SIZE : 0);
 ...>
 }
