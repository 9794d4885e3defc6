// SPDX-License-Identifier: GPL-2.0
// breaks: the second migration of a page to a device moves nothing; the first and the third do
// claim: S2
// rule: migration-is-the-way-in
// file: lib/test_hmm.c
// resembles: nothing known
// tests: devices.coherent-rw.tug-of-war fork.coherent-rw.* protect.coherent-rw.*
@@
identifier f = {dmirror_migrate_alloc_and_copy};
statement S;
@@
 f(...)
 {
+	void *times;
+
 <...
-	if (!(*src & MIGRATE_PFN_MIGRATE))
+	/* How often a page has migrated is kept in the mirror, behind all addresses. */
+	times = xa_load(&dmirror->pt, addr >> PAGE_SHIFT | 1UL << 60);
+	if (*src & MIGRATE_PFN_MIGRATE)
+		xa_store(&dmirror->pt, addr >> PAGE_SHIFT | 1UL << 60,
+			 xa_mk_value(times ? xa_to_value(times) + 1 : 1), GFP_ATOMIC);
+	if (!(*src & MIGRATE_PFN_MIGRATE) || times == xa_mk_value(1))
 	S
 ...>
 }
