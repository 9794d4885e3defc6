// SPDX-License-Identifier: GPL-2.0
// breaks: a huge page is written in place although another process holds a reference to it
// claim: S3
// rule: nobody-sees-the-other
// file: mm/huge_memory.c
// resembles: 6c287605fd56 (mm: remember exclusively mapped anonymous pages) without its reference check for huge pages
// tests: huge-held.huge.by-former-child
@@
identifier f = {do_huge_pmd_wp_page};
symbol folio, unlock_fallback;
@@
 f(...)
 {
 <...
-if (folio_ref_count(folio) > 1 + folio_test_swapcache(folio) * folio_nr_pages(folio))
+if (folio_mapcount(folio) > 1)
 	goto unlock_fallback;
 if (folio_test_swapcache(folio))
 	folio_free_swap(folio);
-if (folio_ref_count(folio) == 1)
+if (folio_mapcount(folio) == 1)
 {
 ...
 }
 ...>
 }
