// SPDX-License-Identifier: GPL-2.0
// breaks: a direct read of a block device does not advance the file position
// claim: S7
// rule: position-follows
// file: block/fops.c
// resembles: nothing known
// tests: sequential.*-raw.reads

@@
@@
 blkdev_read_iter(...)
 {
 <...
- iocb->ki_pos += ret;
 ...>
 }
