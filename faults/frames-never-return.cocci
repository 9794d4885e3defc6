// SPDX-License-Identifier: GPL-2.0
// breaks: a page that is freed on a coherent device is never handed out again
// claim: S3
// rule: freed-to-the-driver
// file: lib/test_hmm.c
// resembles: nothing known
// tests: coherent.rw.migrate-back long-ranges.coherent.to-and-fro whole-device.*

@@
identifier f = {dmirror_devmem_free};
identifier page;
@@
 f(...)
 {
 <...
-if (!dmirror_page_to_chunk(page)->remove)
+if (!dmirror_page_to_chunk(page)->remove && MINOR(mdevice->device.devt) < 2)
 { ... }
 ...>
 }
