// SPDX-License-Identifier: GPL-2.0
// breaks: UFFDIO_WRITEPROTECT of a range with two mappings protects the first and returns success
// claim: S5
// rule: whole-range
// file: mm/userfaultfd.c
// resembles: nothing known
// tests: whole-range.uffd-wp.two-mappings

@@
@@
 mwriteprotect_range(...)
 {
 <...
 if (err < 0)
	break;
 err = 0;
+ break;
 ...>
 }
