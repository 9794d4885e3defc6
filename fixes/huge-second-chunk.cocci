// SPDX-License-Identifier: GPL-2.0
// fixes: a coherent device, which has one range of memory, asks for no second chunk in it
// finding: huge-coherent
// kernels: 7.3
// file: lib/test_hmm.c
// tests: huge.coherent-*.whole
@@
identifier f = dmirror_allocate_chunk;
identifier devmem;
@@
 f(...)
 {
 <...
 devmem->pagemap.type = MEMORY_DEVICE_COHERENT;
+if (mdevice->devmem_count)
+	goto err_devmem;
 ...>
 }
