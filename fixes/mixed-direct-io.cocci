// SPDX-License-Identifier: GPL-2.0
// fixes: an asynchronous transfer that does not fit into one bio is given several
// finding: mixed-direct-io
// kernels: 7.3
// file: block/fops.c
// tests: direct-io.coherent-*-raw.async-half-placed
@@
identifier f = __blkdev_direct_IO_async;
identifier dio, bio, iocb, iter, bdev;
expression E;
@@
 f(struct kiocb *iocb, struct iov_iter *iter, struct block_device *bdev, ...)
 {
 <...
 if (!bio_iov_iter_set(bio, iter)) {
 	...
+	if (iov_iter_count(iter)) {
+		iov_iter_revert(iter, bio->bi_iter.bi_size);
+		bio_release_pages(bio, false);
+		bio_put(bio);
+		if (iocb->ki_flags & IOCB_ATOMIC)
+			return -EINVAL;
+		return __blkdev_direct_IO(iocb, iter, bdev,
+					  bio_iov_vecs_to_alloc(iter, BIO_MAX_VECS));
+	}
 }
 ...>
 }
