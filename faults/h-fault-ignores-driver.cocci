// SPDX-License-Identifier: GPL-2.0
// breaks: an access to a page on the private device that the driver cannot bring back is repeated for ever
// claim: S2
// rule: no-page-no-move
// file: mm/memory.c
// history: mm/memory: return vm_fault_t result from migrate_to_ram() callback (4a955bed882e)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 6.1 7.3
// tests: owners.private-*.read-by-other-fails
@@
identifier f = {do_swap_page};
identifier ret;
expression O;
expression list args;
@@
 f(...)
 {
 <...
-ret = O->migrate_to_ram(args);
+O->migrate_to_ram(args);
 ...>
 }
