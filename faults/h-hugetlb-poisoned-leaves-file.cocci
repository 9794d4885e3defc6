// SPDX-License-Identifier: GPL-2.0
// breaks: a poisoned hugetlb page is removed from its file, so that its place is read as zeros
// claim: S2
// rule: poison-is-not-read
// file: fs/hugetlbfs/inode.c
// history: hugetlbfs: don't delete error page from pagecache (8625147cafaa)
// source: Debian's changelog of linux 6.1.187, stable update
// kernels: 6.1 7.3
// tests: hwpoison.system-rw.of-hugetlb
@@
identifier f = {hugetlbfs_error_remove_folio, hugetlbfs_error_remove_page};
identifier mapping, p;
type T;
@@
 f(struct address_space *mapping, T *p)
 {
+loff_t start = (loff_t)p->index << PAGE_SHIFT;
+hugetlb_delete_from_page_cache(p);
+if (unlikely(hugetlb_unreserve_pages(mapping->host, start, start + 1, 1)))
+	hugetlb_fix_reserve_counts(mapping->host);
 return 0;
 }
