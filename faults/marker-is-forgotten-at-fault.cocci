// SPDX-License-Identifier: GPL-2.0
// breaks: a fault of a shared page that userfaultfd protects maps it unprotected
// claim: S5
// rule: uffd-wp-stops-writes
// file: mm/memory.c
// resembles: nothing known
// tests: monitor-shared.dropped monitor-shared.as-asked
@@
identifier f = {do_set_pte, set_pte_range};
symbol vmf, uffd_wp;
@@
 f(...)
 {
 <...
(
-unlikely(uffd_wp)
+false
|
-unlikely(vmf_orig_pte_uffd_wp(vmf))
+false
)
 ...>
 }
