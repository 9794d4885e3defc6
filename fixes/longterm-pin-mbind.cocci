// SPDX-License-Identifier: GPL-2.0
// fixes: a long-term pin moves a page to a node that the policy of its mapping allows
// finding: longterm-pin-ignores-mbind
// kernels: 6.1 6.12 7.3
// file: mm/migrate_device.c
// tests: numa.coherent-*.pin-within-binding
@@
@@
 #include <linux/rmap.h>
+#include <linux/mempolicy.h>

@@
identifier f = {migrate_device_coherent_page, migrate_device_coherent_folio};
typedef bool;
type T;
identifier p;
@@
+/*
+ * The policy of the first mapping that has one, with a reference. Without
+ * mmap_lock it may be replaced and freed; who holds the lock is not waited for.
+ */
+static bool coherent_policy_one(struct folio *folio, struct vm_area_struct *vma,
+				unsigned long addr, void *arg)
+{
+	struct mempolicy **pol = arg;
+	DEFINE_FOLIO_VMA_WALK(pvmw, folio, vma, addr, 0);
+
+	if (!page_vma_mapped_walk(&pvmw))
+		return true;
+	page_vma_mapped_walk_done(&pvmw);
+	if (!mmap_read_trylock(vma->vm_mm))
+		return true;
+	*pol = vma_policy(vma);
+	if (*pol)
+		mpol_get(*pol);
+	mmap_read_unlock(vma->vm_mm);
+	return !*pol;
+}
+
 int f(T p) { ... }

@@
identifier f = {migrate_device_coherent_page, migrate_device_coherent_folio};
identifier dpage;
@@
 f(...)
 {
 <...
(
 struct page *dpage;
+struct mempolicy *pol = NULL;
+struct rmap_walk_control rwc = { .rmap_one = coherent_policy_one, .arg = &pol };
|
 struct folio *dpage;
+struct mempolicy *pol = NULL;
+struct rmap_walk_control rwc = { .rmap_one = coherent_policy_one, .arg = &pol };
|
 lock_page(page);
+rmap_walk(page_folio(page), &rwc);
|
 folio_lock(folio);
+rmap_walk(folio, &rwc);
|
 if (!(src_pfn & MIGRATE_PFN_MIGRATE))
+{
+	mpol_put(pol);
 	return -EBUSY;
+}
|
-dpage = alloc_page(GFP_USER | __GFP_NOWARN);
+if (pol)
+	dpage = __alloc_pages(GFP_USER | __GFP_NOWARN, 0,
+			      pol->mode == MPOL_PREFERRED ? first_node(pol->nodes) :
+							    numa_node_id(),
+			      policy_nodemask(GFP_USER, pol));
+else
+	dpage = alloc_page(GFP_USER | __GFP_NOWARN);
+mpol_put(pol);
|
-dpage = folio_alloc(GFP_USER | __GFP_NOWARN, 0);
+dpage = pol ? folio_alloc_mpol(GFP_USER | __GFP_NOWARN, 0, pol, folio->index,
+			       numa_node_id()) :
+	      folio_alloc(GFP_USER | __GFP_NOWARN, 0);
+mpol_put(pol);
)
 ...>
 }
