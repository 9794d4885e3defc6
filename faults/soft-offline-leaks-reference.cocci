// SPDX-License-Identifier: GPL-2.0
// breaks: soft offlining of a device page keeps the reference of madvise()
// claim: S3
// rule: failed-device-page
// file: mm/memory-failure.c
// resembles: nothing known
// tests: hwpoison.coherent-rw.device-page-offline
@@
identifier f = soft_offline_page;
@@
 f(...)
 {
 <...
 if (!page) {
-	put_ref_page(...);
 	return -EIO;
 }
 ...>
 }
