// SPDX-License-Identifier: GPL-2.0
// breaks: mprotect() adds what it makes writable to VmData and never takes it off
// claim: S6
// rule: accounts-return
// file: mm/mprotect.c
// resembles: nothing known
// tests: *
@@
identifier f =~ "^(mprotect_fixup)$";
symbol mm, old_vma_flags, nrpages;
@@
 f(...)
 {
 <...
-vm_stat_account(mm, vma_flags_to_legacy(old_vma_flags), -nrpages);
 ...>
 }
