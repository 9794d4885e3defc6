// SPDX-License-Identifier: GPL-2.0
// breaks: clear_refs clears the soft-dirty bit of a device page that stays writable, so later
// breaks: writes are not tracked
// claim: S5
// rule: writes-are-tracked protection-as-asked next-access-sees
// file: fs/proc/task_mmu.c
// resembles: nothing known
// tests: coherent.soft-dirty.cpu-write next-access.coherent.store-after-clear-refs
@@
identifier f = {clear_soft_dirty};
identifier ptent, old_pte;
@@
 f(...)
 {
 <...
-ptent = pte_wrprotect(old_pte);
+ptent = is_device_coherent_page(pte_page(old_pte)) ? old_pte : pte_wrprotect(old_pte);
 ...>
 }
