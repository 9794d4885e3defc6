// SPDX-License-Identifier: GPL-2.0
// breaks: a DMA buffer is made of a memfd that F_SEAL_FUTURE_WRITE protects
// claim: S8
// rule: memfd-is-pinned
// file: drivers/dma-buf/udmabuf.c
// history: udmabuf: also check for F_SEAL_FUTURE_WRITE (commit not seen)
// source: Debian's changelog of linux 6.12.95, stable update
// kernels: 6.1 7.3
// tests: dma-buf.system.of-sealed
@@
identifier f = {check_memfd_seals, udmabuf_create};
identifier seals;
@@
 f(...)
 {
 <...
-(seals & SEALS_DENIED) != 0
+(seals & F_SEAL_WRITE) != 0
 ...>
 }
