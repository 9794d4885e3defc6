// SPDX-License-Identifier: GPL-2.0
// breaks: when exclusive access of a device ends, the page becomes writable although mprotect() or userfaultfd has protected it
// claim: S1 S5
// rule: device-exclusive uffd-wp-stops-writes
// file: mm/memory.c
// resembles: nothing known
// tests: exclusive-meets.*.protected exclusive-meets.*.write-protected
@@
identifier f = {restore_exclusive_pte};
symbol pte, vma, address;
@@
 f(...)
 {
 <...
(
-if (pte_swp_uffd(orig_pte)) pte = pte_mkuffd(pte);
|
-if (pte_swp_uffd_wp(orig_pte)) pte = pte_mkuffd_wp(pte);
|
-(vma->vm_flags & VM_WRITE) && can_change_pte_writable(vma, address, pte)
+true
|
-pte_swp_uffd_wp(*ptep)
+false
|
-maybe_mkwrite(pte_mkdirty(pte), vma)
+pte_mkwrite(pte_mkdirty(pte))
)
 ...>
 }
