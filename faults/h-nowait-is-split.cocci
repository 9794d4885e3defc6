// SPDX-License-Identifier: GPL-2.0
// breaks: RWF_NOWAIT of a block device splits a transfer that is too large for one request of the device
// claim: S7
// rule: flags-as-a-whole
// file: block/blk-merge.c
// history: block: don't allow splitting of a REQ_NOWAIT bio (9cea62b2cbab)
// source: Debian's changelog of linux 6.1.187, stable update
// kernels: 6.1 7.3
// tests: blocks.*-raw-4k.no-wait-for-several
@@
identifier f = {bio_split_io_at, bio_split_rw};
identifier bio;
@@
 f(...)
 {
 <...
-bio->bi_opf & REQ_NOWAIT
+false
 ...>
 }
