// SPDX-License-Identifier: GPL-2.0
// breaks: the copy that a pin for reading makes of a shared page is not protected by userfaultfd
// breaks: any more
// claim: S5
// rule: uffd-wp-stops-writes
// file: mm/memory.c
// resembles: nothing known
// tests: kept-marks.*.unshared-protected

@@
expression E;
@@
 wp_page_copy(...)
 {
 <...
(
- if (pte_uffd(E))
-	entry = pte_mkuffd(entry);
|
- if (pte_uffd_wp(E))
-	entry = pte_mkuffd_wp(entry);
)
 ...>
 }
