// SPDX-License-Identifier: GPL-2.0
// breaks: GUP of an address that is not mapped fails with ENOMEM
// claim: S7
// rule: device-exclusive
// file: mm/gup.c
// resembles: nothing known
// tests: exclusive-meets.*.range-with-gap

@@
@@
 __get_user_pages(...)
 {
 <...
 if (!vma) {
-	ret = -EFAULT;
+	ret = -ENOMEM;
	goto out;
 }
 ...>
 }
