// SPDX-License-Identifier: GPL-2.0
// breaks: madvise() of a range with two mappings advises the first and returns success
// claim: S2
// rule: whole-range
// file: mm/madvise.c
// resembles: nothing known
// tests: whole-range.dontneed.*

@@
@@
 madvise_walk_vmas(...)
 {
 <...
 if (error)
	return error;
+ return 0;
 ...>
 }
