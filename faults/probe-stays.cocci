// SPDX-License-Identifier: GPL-2.0
// breaks: a uprobe that is removed leaves its breakpoint
// claim: S7
// rule: probe-is-removed
// file: kernel/events/uprobes.c
// profile: wide
// resembles: nothing known
// tests: uprobes.system.counted uprobes.private.migrated uprobes.*.of-the-file
@@
identifier f = {remove_breakpoint};
expression E1, E2, E3;
@@
 f(...)
 {
 <...
-return set_orig_insn(E1, E2, E3);
+return 0;
 ...>
 }
