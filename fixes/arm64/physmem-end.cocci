// SPDX-License-Identifier: GPL-2.0
// fixes: the highest addresses without memory are those that the linear map reaches
// finding: physmem-end
// kernels: 6.1
// file: arch/arm64/include/asm/memory.h
// tests: driver.*
//
// Where nothing defines it, request_free_mem_region() takes the end of all physical addresses.
@@
expression E;
@@

 #define PAGE_END E
+#define PHYSMEM_END (__pa(PAGE_END - 1))
