// SPDX-License-Identifier: GPL-2.0
// breaks: a swap entry that is freed stays charged to its control group
// claim: S3
// rule: accounts-return
// file: mm/memcontrol.c
// resembles: nothing known
// tests: accounts.*.swap-charge
@@
expression a, b;
@@
 __mem_cgroup_uncharge_swap(...)
 {
 <...
-page_counter_uncharge(&a->swap, b);
+;
 ...>
 }
