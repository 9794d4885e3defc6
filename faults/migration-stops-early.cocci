// SPDX-License-Identifier: GPL-2.0
// breaks: migration of more than 64 pages to a device moves the first 64 and returns success
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
- end = start + size;
+ end = start + min(size, 64 * PAGE_SIZE);
 ...>
 }
