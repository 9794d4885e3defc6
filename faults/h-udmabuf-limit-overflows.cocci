// SPDX-License-Identifier: GPL-2.0
// breaks: a DMA buffer cannot be made if the module's limit is 4 GiB or a multiple of it
// claim: S8
// rule: memfd-is-pinned
// file: drivers/dma-buf/udmabuf.c
// history: udmabuf: fix a buf size overflow issue during udmabuf creation (021ba7f1babd, CVE-2025-37803)
// source: Debian's changelog of linux 6.1.187, stable update
// kernels: 6.1 7.3
// tests: dma-buf.system.within-large-limit
@@
identifier f = {udmabuf_create};
typedef u64;
symbol size_limit_mb;
@@
 f(...)
 {
 <...
-(u64)size_limit_mb
+(unsigned int)size_limit_mb
 ...>
 }
