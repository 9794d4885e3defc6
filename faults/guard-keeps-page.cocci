// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_GUARD_INSTALL leaves pages on a device mapped
// claim: S3
// rule: guard-frees
// file: mm/madvise.c
// resembles: nothing known
// tests: marks.coherent-*-guard.over-page
@@
identifier f = {guard_install_pte_entry};
symbol pteval;
@@
 f(...)
 {
 ...
 pte_t pteval = ptep_get(...);
 ...
+if (pte_present(pteval) && is_device_coherent_page(pte_page(pteval)))
+	return 0;
 if (...) { ... }
 ...
 }
