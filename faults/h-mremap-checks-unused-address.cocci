// SPDX-License-Identifier: GPL-2.0
// breaks: mremap() checks the new address although no flag says that it is used
// claim: S2
// rule: remapped
// file: mm/mremap.c
// history: mm/mremap: fix regression in vrm->new_addr check (commit not seen)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: mappings.*.remap-refused
@@
identifier f = {check_mremap_params};
expression V;
@@
 f(...)
 {
 <...
+if (V->new_addr > TASK_SIZE - V->new_len)
+	return -EINVAL;
 if (!vrm_implies_new_addr(V))
 	return 0;
 ...>
 }
