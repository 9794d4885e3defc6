// SPDX-License-Identifier: GPL-2.0
// fixes: bit 56 of a pagemap entry is that of its own small page, also within a huge page
// finding: pagemap-huge-first-page
// kernels: 6.1 7.3
// file: fs/proc/task_mmu.c
// tests: pagemap.*.huge-shared-in-part pagemap.*.huge-shared-in-part-at-once
@@
identifier f = pagemap_pmd_range_thp;
expression folio, page;
@@
 f(...)
 {
 <...
-__folio_page_mapped_exclusively(folio, page)
+__folio_page_mapped_exclusively(folio, page + idx)
 ...>
 }

@@
identifier f = pagemap_pmd_range;
@@
 f(...)
 {
 <...
-if (page && !migration && page_mapcount(page) == 1)
-	flags |= PM_MMAP_EXCLUSIVE;
 for (...; addr != end; ...) {
-	pagemap_entry_t pme = make_pme(frame, flags);
+	bool single = page && !migration &&
+		      page_mapcount(page + ((addr & ~PMD_MASK) >> PAGE_SHIFT)) == 1;
+	pagemap_entry_t pme = make_pme(frame, single ? flags | PM_MMAP_EXCLUSIVE : flags);
 	...
 }
 ...>
 }
