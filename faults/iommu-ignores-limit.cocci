// SPDX-License-Identifier: GPL-2.0
// breaks: iommufd pins more pages than RLIMIT_MEMLOCK allows
// claim: S7
// rule: iommu-is-accounted
// file: drivers/iommu/iommufd/pages.c
// resembles: nothing known
// tests: iommufd.coherent-rw.limited iommufd.system-ro.limited
@@
identifier f = incr_user_locked_vm;
expression new_pages, lock_limit;
@@
 f(...)
 {
 <...
-if (new_pages > lock_limit)
-	return -ENOMEM;
 ...>
 }
