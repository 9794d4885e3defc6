// SPDX-License-Identifier: GPL-2.0
// breaks: mremap() of an address that is not mapped returns 14 in place of an error
// claim: S2
// rule: remapped
// file: mm/mremap.c
// history: mm/mremap: fix sign for EFAULT error return value (7d1e64966162)
// source: upstream history; the code is in the named kernels
// kernels: 6.1 7.3
// tests: mappings.*.remap-refused

@@
@@
 check_prep_vma(...)
 {
 <...
 if (!vma)
-	return -EFAULT;
+	return EFAULT;
 ...>
 }
