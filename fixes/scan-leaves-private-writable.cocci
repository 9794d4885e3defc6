// SPDX-License-Identifier: GPL-2.0
// fixes: a private page that PAGEMAP_SCAN protects has a read-only entry, which keeps the protection
// finding: scan-leaves-private-writable
// kernels: 6.12 7.3
// file: fs/proc/task_mmu.c
// tests: trackers.private.migrated trackers.private.read-only-used
@scan_renamed@
@@
 pte_swp_mkuffd(...)

@depends on !scan_renamed@
identifier f = {make_uffd_wp_pte};
symbol ptent;
@@
 f(...)
 {
 <...
+if (is_writable_device_private_entry(pte_to_swp_entry(ptent))) {
+	const bool soft_dirty = pte_swp_soft_dirty(ptent);
+
+	ptent = swp_entry_to_pte(make_readable_device_private_entry(
+		swp_offset(pte_to_swp_entry(ptent))));
+	if (soft_dirty)
+		ptent = pte_swp_mksoft_dirty(ptent);
+}
 ptent = pte_swp_mkuffd_wp(ptent);
 ...>
 }

@depends on scan_renamed@
identifier f = {make_uffd_wp_pte};
symbol ptent;
@@
 f(...)
 {
 <...
+if (softleaf_is_device_private_write(softleaf_from_pte(ptent))) {
+	const bool soft_dirty = pte_swp_soft_dirty(ptent);
+
+	ptent = swp_entry_to_pte(make_readable_device_private_entry(
+		swp_offset(softleaf_from_pte(ptent))));
+	if (soft_dirty)
+		ptent = pte_swp_mksoft_dirty(ptent);
+}
 ptent = pte_swp_mkuffd(ptent);
 ...>
 }
