// SPDX-License-Identifier: GPL-2.0
// breaks: migration to a device treats a page that is swapped out as one that was never touched
// claim: S2
// rule: swap-keeps
// file: mm/migrate_device.c
// resembles: nothing known
// tests: reclaim.coherent-rw.swapped-stays-swapped
@@
identifier f = {migrate_vma_collect_pmd};
identifier next;
expression entry;
@@
 f(...)
 {
 <...
(
-if (!is_device_private_entry(entry))
-	goto next;
+if (!is_device_private_entry(entry)) {
+	if (!non_swap_entry(entry)) {
+		mpfn = MIGRATE_PFN_MIGRATE;
+		migrate->cpages++;
+	}
+	goto next;
+}
|
-if (!softleaf_is_device_private(entry))
-	goto next;
+if (!softleaf_is_device_private(entry)) {
+	if (softleaf_is_swap(entry)) {
+		mpfn = MIGRATE_PFN_MIGRATE;
+		migrate->cpages++;
+	}
+	goto next;
+}
)
 ...>
 }
@@
identifier f = {migrate_vma_insert_page};
expression E;
@@
 f(...)
 {
 <...
-!pte_none(E)
+0
 ...>
 }
