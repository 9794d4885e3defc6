// SPDX-License-Identifier: GPL-2.0
// breaks: a range that is empty after rounding is unmapped
// claim: S3
// rule: nothing-else-changes
// file: mm/madvise.c
// history: mm,madvise,hugetlb: check for 0-length range after end address adjustment (2ede647a6fde)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1 7.3
// tests: *
@@
identifier f = {madvise_dontneed_free};
symbol start, end;
identifier range;
@@
 f(...)
 {
 <...
(
-if (start == end)
-	return 0;
|
-if (range->start == range->end)
-	return 0;
)
 ...>
 }
