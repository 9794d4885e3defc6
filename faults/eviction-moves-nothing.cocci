// SPDX-License-Identifier: GPL-2.0
// breaks: eviction migrates no page of a device to memory
// claim: S3
// rule: close-evicts features-as-known
// file: lib/test_hmm.c
// resembles: lib/test_hmm.c before it evicted the pages of a device at close
// tests: device-life.coherent-rw.other-file-closed
@@
identifier f = {dmirror_device_evict_chunk};
@@
 f(...)
 {
 <...
-migrate_device_range(...);
 ...>
 }
