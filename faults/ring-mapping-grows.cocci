// SPDX-License-Identifier: GPL-2.0
// breaks: mremap() extends mappings that must not grow, such as those of a driver or of io_uring
// claim: S2
// rule: remapped
// file: mm/mremap.c
// resembles: nothing known
// tests: mappings.*.remap-of-ring
@@
identifier f = {check_prep_vma};
@@
 f(...)
 {
 <...
-if (vma_test_any(...))
-	return -EFAULT;
 ...>
 }
