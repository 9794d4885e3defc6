// SPDX-License-Identifier: GPL-2.0
// breaks: mprotect() adds what it makes writable to VmData and never takes it off
// claim: S6
// rule: mappings-are-counted
// file: mm/mprotect.c
// resembles: nothing known
// tests: unprivileged.*.moved
@@
identifier f = {mprotect_fixup};
symbol mm, old_vma_flags, nrpages;
@@
 f(...)
 {
 <...
-vm_stat_account(mm, vma_flags_to_legacy(old_vma_flags), -nrpages);
 ...>
 }
