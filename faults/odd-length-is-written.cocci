// SPDX-License-Identifier: GPL-2.0
// breaks: a transfer of a length that is no block reports that it is done
// claim: S7
// rule: flags-as-a-whole
// file: block/fops.c
// resembles: nothing known
// tests: ordinary.*-raw.no-block
@@
identifier f = {blkdev_direct_IO, __blkdev_direct_IO, __blkdev_direct_IO_async,
	__blkdev_direct_IO_simple};
@@
 f(...)
 {
 <...
(
 if (blkdev_dio_invalid(...))
-	return -EINVAL;
+	return iov_iter_count(iter);
|
 if (blkdev_dio_unaligned(...))
-	return -EINVAL;
+	return iov_iter_count(iter);
)
 ...>
 }
