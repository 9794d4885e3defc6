// SPDX-License-Identifier: GPL-2.0
// The end of the linear map for request_free_mem_region(), which otherwise takes the end of all
// physical addresses. docs/findings.md, physmem-end, says how to apply it.
@@
expression E;
@@

 #define PAGE_END E
+#define PHYSMEM_END (__pa(PAGE_END - 1))
