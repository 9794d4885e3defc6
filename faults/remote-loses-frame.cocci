// SPDX-License-Identifier: GPL-2.0
// breaks: a page that is freed on the second coherent device is never handed out again
// claim: S3
// rule: freed-to-the-driver
// file: lib/test_hmm.c
// resembles: nothing known
// tests: whole-device.* remote.rw.migrate-back
@@
identifier f = {dmirror_devmem_free};
identifier page;
@@
 f(...)
 {
 <...
-if (!dmirror_page_to_chunk(page)->remove)
+if (!dmirror_page_to_chunk(page)->remove && MINOR(mdevice->device.devt) != 3)
 { ... }
 ...>
 }
