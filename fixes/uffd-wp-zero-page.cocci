// SPDX-License-Identifier: GPL-2.0
// fixes: a page that takes the place of a protected zero page on a device is protected, too
// finding: uffd-wp-zero-page
// kernels: 6.1 6.12 7.3
// file: mm/migrate_device.c
// tests: tracking.coherent-*.uffd-wp-zero-page
@zero_renamed@
@@
 pte_swp_mkuffd(...)

@depends on !zero_renamed@
expression E;
@@
 unsigned long pfn = pte_pfn(E);
 if (!is_zero_pfn(pfn))
 	goto unlock_abort;
 flush = true;
+if (pte_uffd_wp(E)) {
+	if (is_device_private_page(page))
+		entry = pte_swp_mkuffd_wp(swp_entry_to_pte(
+			make_readable_device_private_entry(page_to_pfn(page))));
+	else
+		entry = pte_mkuffd_wp(pte_wrprotect(entry));
+}

@depends on zero_renamed@
expression E;
@@
 unsigned long pfn = pte_pfn(E);
 if (!is_zero_pfn(pfn))
 	goto unlock_abort;
 flush = true;
+if (pte_uffd(E)) {
+	if (is_device_private_page(page))
+		entry = pte_swp_mkuffd(swp_entry_to_pte(
+			make_readable_device_private_entry(page_to_pfn(page))));
+	else
+		entry = pte_mkuffd(entry);
+}
