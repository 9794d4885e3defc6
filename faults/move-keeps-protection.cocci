// SPDX-License-Identifier: GPL-2.0
// breaks: mremap() leaves userfaultfd's protection on pages of a file at an address that no userfaultfd watches
// claim: S5
// rule: monitor-lets-go
// file: mm/mremap.c
// resembles: mm: clear uffd-wp PTE/PMD state on mremap() (0cef0bb836e3) reverted, for files only
// tests: monitor-shared.moved
@@
identifier f = {move_ptes};
identifier need = {need_clear_uffd_wp};
expression vma;
@@
 f(...)
 {
 <...
-bool need = vma_has_uffd_without_event_remap(vma);
+bool need = vma_is_anonymous(vma) && vma_has_uffd_without_event_remap(vma);
 ...>
 }
