// SPDX-License-Identifier: GPL-2.0
// breaks: the driver writes through an entry that it has for reading only
// claim: S1 S3
// rule: write-needs-vm-write
// file: lib/test_hmm.c
// resembles: nothing known
// tests: coherent.born-ro.device-write
@@
identifier f = {dmirror_do_write};
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
