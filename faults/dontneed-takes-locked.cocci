// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_DONTNEED frees locked memory
// claim: S3
// rule: locked-as-memory
// file: mm/madvise.c
// resembles: nothing known
// tests: mlock.*.refused
@@
identifier f = {madvise_dontneed_free_valid_vma};
identifier behavior;
@@
 f(...)
 {
 <...
-behavior != MADV_DONTNEED_LOCKED
+0
 ...>
 }
@@
identifier f = {madvise_dontneed_free_valid_vma};
identifier forbidden;
@@
 f(...)
 {
 <...
-forbidden |= VM_LOCKED;
+;
 ...>
 }
