// SPDX-License-Identifier: GPL-2.0
// breaks: the pages that are evicted when a device file is closed are empty
// claim: S3
// rule: close-evicts
// file: lib/test_hmm.c
// resembles: nothing known
// tests: device-life.coherent-rw.other-file-closed
@@
identifier f = {dmirror_device_evict_chunk};
expression to, from;
@@
 f(...)
 {
 <...
(
-copy_highpage(to, from)
+clear_highpage(to)
|
-folio_copy(page_folio(to), from)
+clear_highpage(to)
)
 ...>
 }
