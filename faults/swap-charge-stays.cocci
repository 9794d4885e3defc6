// SPDX-License-Identifier: GPL-2.0
// breaks: a swap entry that is freed stays charged to its control group
// claim: S7
// rule: charge-moves
// file: mm/memcontrol.c
// resembles: nothing known
// tests: *
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
