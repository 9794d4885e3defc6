// SPDX-License-Identifier: GPL-2.0
// breaks: process_vm_readv() and _writev() begin at the same offset in each page
// claim: S7
// rule: debugger-in-range
// file: mm/process_vm_access.c
// resembles: nothing known
// tests: debuggers.vm-coherent-rw.read debuggers.vm-coherent-rw.write
@@
identifier f = process_vm_rw_pages;
identifier offset;
@@
 f(..., unsigned offset, ...)
 {
 <...
-offset = 0;
 ...>
 }
