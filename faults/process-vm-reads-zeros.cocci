// SPDX-License-Identifier: GPL-2.0
// breaks: process_vm_readv() reads zeros from a page on a device
// claim: S7
// rule: bytes-arrive
// file: mm/process_vm_access.c
// resembles: nothing known
// tests: coherent.rw.vm-read coherent.ro.vm-read
@@
identifier f = {process_vm_rw_pages};
expression A, B, C, D;
@@
 f(...)
 {
 <...
-copy_page_to_iter(A, B, C, D)
+(is_device_coherent_page(A) ? iov_iter_zero(C, D) : copy_page_to_iter(A, B, C, D))
 ...>
 }
