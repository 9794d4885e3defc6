// SPDX-License-Identifier: GPL-2.0
// fixes: pages of memory and of a coherent device may be in one bio, as up to 6.12
// finding: mixed-direct-io
// kernels: 7.3
// file: lib/iov_iter.c
// tests: blocks.coherent-*-raw-4k.across-places blocks.coherent-rw-raw-4k.in-halves
// tests: direct-io.coherent-*-raw.async-half-placed
@@
identifier f = iov_iter_extract_bvecs;
expression A, B;
@@
 f(...)
 {
 <...
-!zone_device_pages_have_same_pgmap(A, B)
+(is_pci_p2pdma_page(A) || is_pci_p2pdma_page(B)) &&
+!zone_device_pages_have_same_pgmap(A, B)
 ...>
 }
