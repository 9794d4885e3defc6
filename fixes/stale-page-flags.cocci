// SPDX-License-Identifier: GPL-2.0
// fixes: a page frame of a device begins each of its lives without flags of the one before
// finding: stale-page-flags
// kernels: 6.1 6.12 7.3
// file: mm/memremap.c
// tests: mlock.coherent-*.fresh-frame destructive.flags-of-two-lives
@@
identifier f = zone_device_page_init;
@@
 f(struct page *page)
 {
+	page->flags &= ~(PAGE_FLAGS_CHECK_AT_PREP & ~(1UL << PG_reserved));
 ...
 }

@@
expression page;
@@
-page->flags.f &= ~0xffUL;
+page->flags.f &= ~(PAGE_FLAGS_CHECK_AT_PREP & ~(1UL << PG_reserved));
