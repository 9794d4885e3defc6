// SPDX-License-Identifier: GPL-2.0
// fixes: test_hmm adds the memory that a migration needs before it takes mmap_lock
// finding: test-hmm-lock-order
// kernels: 6.1 6.12 7.3
// file: lib/test_hmm.c
// profile: debug
// tests: destructive.memory-added-with-ksm
@sized@
identifier f = dmirror_allocate_chunk, ppage, is_large, mdevice;
@@
 f(struct dmirror_device *mdevice, struct page **ppage, bool is_large) { ... }

@depends on sized@
identifier f = dmirror_migrate_to_device;
identifier mm;
@@
 f(struct dmirror *dmirror, struct hmm_dmirror_cmd *cmd)
 {
 <...
+dmirror_reserve(dmirror->mdevice, cmd->npages, cmd->npages >= HPAGE_PMD_NR);
 mmap_read_lock(mm);
 ...>
 }

@depends on !sized@
identifier f = dmirror_migrate_to_device;
identifier mm;
@@
 f(struct dmirror *dmirror, struct hmm_dmirror_cmd *cmd)
 {
 <...
+dmirror_reserve(dmirror->mdevice, cmd->npages);
 mmap_read_lock(mm);
 ...>
 }

@depends on sized@
identifier f = dmirror_devmem_alloc_page;
@@
+/* Room for @npages more pages, of which a coherent device has no second chunk. */
+static void dmirror_reserve(struct dmirror_device *mdevice, unsigned long npages, bool is_large)
+{
+	const unsigned long chunk = DEVMEM_CHUNK_SIZE >> PAGE_SHIFT;
+
+	while (!mdevice->devmem_count ||
+	       (dmirror_is_private_zone(mdevice) &&
+		((is_large && !mdevice->free_folios) || mdevice->devmem_count * chunk <
+		 mdevice->calloc - mdevice->cfree + npages)))
+		if (dmirror_allocate_chunk(mdevice, NULL, is_large))
+			break;
+}
+
 struct page *f(...) { ... }

@depends on !sized@
identifier f = dmirror_devmem_alloc_page;
@@
+/* Room for @npages more pages, of which a coherent device has no second chunk. */
+static void dmirror_reserve(struct dmirror_device *mdevice, unsigned long npages)
+{
+	const unsigned long chunk = DEVMEM_CHUNK_SIZE >> PAGE_SHIFT;
+
+	while (!mdevice->devmem_count ||
+	       (dmirror_is_private_zone(mdevice) && mdevice->devmem_count * chunk <
+		mdevice->calloc - mdevice->cfree + npages))
+		if (dmirror_allocate_chunk(mdevice, NULL))
+			break;
+}
+
 struct page *f(...) { ... }

@@
identifier f = dmirror_devmem_alloc_page;
@@
 f(...)
 {
 <...
-if (dmirror_allocate_chunk(...))
-	goto error;
+goto error;
 ...>
 }
