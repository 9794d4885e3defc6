// SPDX-License-Identifier: GPL-2.0
// breaks: the pages of a device are not evicted when one of its files is closed
// claim: S3
// rule: close-evicts features-as-known
// file: lib/test_hmm.c
// resembles: lib/test_hmm.c before it evicted the pages of a device at close
// tests: device-life.coherent-rw.other-file-closed
@@
identifier f = {dmirror_fops_release};
expression E;
@@
 f(...)
 {
 <...
-dmirror_device_evict_chunk(E);
+(void)(E);
 ...>
 }
