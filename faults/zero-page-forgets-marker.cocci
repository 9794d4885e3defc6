// SPDX-License-Identifier: GPL-2.0
// breaks: a read of a protected hole maps the zero page without the protection
// claim: S5
// rule: uffd-wp-stops-writes
// file: mm/memory.c
// resembles: nothing known
// tests: monitor.*.hole-is-read
@@
identifier f = {do_anonymous_page};
symbol vmf, entry, vma, addr;
@@
 f(...)
 {
 <...
-if (vmf_orig_pte_uffd_wp(vmf))
-	entry = pte_mkuffd(entry);
 set_pte_at(vma->vm_mm, addr, vmf->pte, entry);
 ...>
 }
