// SPDX-License-Identifier: GPL-2.0
// fixes: a memory failure of a device page that is not one of DAX ends with ENXIO
// finding: hwpoison-coherent
// kernels: 6.1 6.12 7.3
// file: mm/memory-failure.c
// tests: hwpoison.*.device-page
@@
identifier f = mf_generic_kill_procs;
identifier lock = {dax_lock_page, dax_lock_folio};
identifier pgmap;
expression cookie, page;
@@
 f(..., struct dev_pagemap *pgmap)
 {
 <...
+if (pgmap->type == MEMORY_DEVICE_PRIVATE || pgmap->type == MEMORY_DEVICE_COHERENT)
+	return -ENXIO;
 cookie = lock(page);
 ...>
 }
