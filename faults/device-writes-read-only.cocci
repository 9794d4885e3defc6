// SPDX-License-Identifier: GPL-2.0
// breaks: the driver writes through an entry that it has for reading only
// claim: S1 S3
// rule: nobody-sees-the-other write-needs-vm-write
// file: lib/test_hmm.c
// resembles: nothing known
// tests: *
@@
identifier f =~ "^(dmirror_do_write)$";
symbol page, entry;
@@
 f(...)
 {
 <...
-if (!page || xa_pointer_tag(entry) != DPT_XA_TAG_WRITE)
+if (!page)
 	return -ENOENT;
 ...>
 }
