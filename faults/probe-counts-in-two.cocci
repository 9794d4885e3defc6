// SPDX-License-Identifier: GPL-2.0
// breaks: the counter of a uprobe is changed by 2 when the probe comes and goes
// claim: S7
// rule: probe-is-hit
// file: kernel/events/uprobes.c
// profile: wide
// resembles: nothing known
// tests: uprobes.*.with-counter
@@
identifier f = {__update_ref_ctr};
symbol ptr, d;
@@
 f(...)
 {
 <...
- *ptr += d;
+ *ptr += d + d;
 ...>
 }
