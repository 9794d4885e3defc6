// SPDX-License-Identifier: GPL-2.0
// breaks: reclaim of a shared page drops userfaultfd's protection
// claim: S5
// rule: uffd-wp-stops-writes
// file: mm/rmap.c
// resembles: nothing known
// tests: monitor-shared.swapped
@@
identifier f = {try_to_unmap_one};
@@
 f(...)
 {
 <...
(
-pte_install_uffd_wp_if_needed(...);
|
-cond_install_uffd_wp_ptes(...);
)
 ...>
 }
