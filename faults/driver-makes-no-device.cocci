// SPDX-License-Identifier: GPL-2.0
// breaks: the driver loads and creates no coherent device
// claim: S2
// rule: driver-loads
// file: lib/test_hmm.c
// resembles: nothing known
// tests: driver.loads
@@
identifier f = {hmm_dmirror_init};
@@
 f(...)
 {
 <...
-if (spm_addr_dev0 && spm_addr_dev1)
+if (0)
 	{ ... }
 ...>
 }
