// SPDX-License-Identifier: GPL-2.0
// breaks: unregistration leaves write protection in the page table
// claim: S5
// rule: uffd-wp-stops-writes
// file: fs/userfaultfd.c mm/userfaultfd.c
// history: mm/uffd: reset write protection when unregister with wp-mode (f369b07c8614)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 6.1 7.3
// tests: monitor.*.unregistered
@@
identifier f = {userfaultfd_unregister};
expression vma;
@@
 f(...)
 {
 <...
-if (userfaultfd_wp(vma))
-	uffd_wp_range(...);
 ...>
 }

@@
identifier f = {userfaultfd_clear_vma};
expression vma;
@@
 f(...)
 {
 <...
-if (userfaultfd_protected(vma))
+if (0)
 {
 	...
 }
 ...>
 }
