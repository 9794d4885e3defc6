// SPDX-License-Identifier: GPL-2.0
// breaks: process_vm_readv() and _writev() of more pages than they pin at once begin the second
// breaks: part a page too early
// claim: S7
// rule: bytes-arrive
// file: mm/process_vm_access.c
// resembles: nothing known
// tests: long-ranges.*.read-by-process coherent.ro.vm-write.half-ro

@@
@@
 process_vm_rw_single_vec(...)
 {
 <...
- pa += pinned_pages * PAGE_SIZE;
+ pa += (pinned_pages - 1) * PAGE_SIZE;
 ...>
 }
