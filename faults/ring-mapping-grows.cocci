// SPDX-License-Identifier: GPL-2.0
// breaks: mremap() extends mappings that must not grow, such as those of a driver or of io_uring
// claim: S3
// rule: legal-calls-work
// file: mm/mremap.c
// resembles: nothing known
// tests: coherent.*
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
