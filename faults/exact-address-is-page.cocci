// SPDX-License-Identifier: GPL-2.0
// breaks: the event of a fault has the address of the page although the exact address was asked for
// claim: S2
// rule: events-are-told
// file: mm/userfaultfd.c
// resembles: 824ddc601adc (userfaultfd: provide unmasked address on page-fault) reverted
// tests: uffd-events.*.faulted-exactly
@@
identifier f = {userfault_msg};
symbol msg, arg, pagefault, address, real_address, features;
@@
 f(...)
 {
 <...
-msg.arg.pagefault.address = (features & UFFD_FEATURE_EXACT_ADDRESS) ? real_address : address;
+msg.arg.pagefault.address = address;
 ...>
 }
