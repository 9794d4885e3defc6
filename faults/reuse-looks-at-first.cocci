// SPDX-License-Identifier: GPL-2.0
// breaks: a write to a page of a huge page is done in place if the huge page's first page is exclusive, and makes a copy if that is shared
// claim: S5
// rule: shared-is-copied nobody-sees-the-other exclusive-is-reused
// file: mm/memory.c
// resembles: nothing known
// tests: mixed-huge.last-shared.written mixed-huge.last-shared.unmapped-in-part mixed-huge.first-shared.write-protected
@@
identifier f = {do_wp_page};
symbol vmf, vma, folio;
@@
 f(...)
 {
 <...
-(PageAnonExclusive(vmf->page) || wp_can_reuse_anon_folio(folio, vma))
+(PageAnonExclusive(&folio->page) || wp_can_reuse_anon_folio(folio, vma))
 ...>
 }

@@
identifier f = {do_wp_page};
symbol vmf, folio, reuse;
@@
 f(...)
 {
 <...
-if (PageAnonExclusive(vmf->page))
+if (PageAnonExclusive(&folio->page))
	goto reuse;
 ...>
 }
