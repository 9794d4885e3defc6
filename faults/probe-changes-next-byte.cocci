// SPDX-License-Identifier: GPL-2.0
// breaks: a uprobe writes its breakpoint to the byte behind the instruction
// claim: S7
// rule: probe-is-removed probe-is-hit
// file: kernel/events/uprobes.c
// profile: wide
// resembles: nothing known
// tests: uprobes.system.counted uprobes.private.migrated uprobes.*.of-the-file
@@
identifier f = {copy_to_page};
symbol kaddr, vaddr, src, len;
@@
 f(...)
 {
 <...
-memcpy(kaddr + (vaddr & ~PAGE_MASK), src, len);
+memcpy(kaddr + (vaddr & ~PAGE_MASK) + 1, src, len);
 ...>
 }
