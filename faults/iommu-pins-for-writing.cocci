// SPDX-License-Identifier: GPL-2.0
// breaks: iommufd asks for write access also for memory that a device may only read
// claim: S7
// rule: iommu-maps-pinned
// file: drivers/iommu/iommufd/pages.c
// resembles: nothing known
// tests: iommufd.coherent-ro.attached-later
@@
identifier f = pfn_reader_user_init;
expression user, pages;
@@
 f(...)
 {
 <...
-if (pages->writable)
 	user->gup_flags |= FOLL_WRITE;
 ...>
 }
