// SPDX-License-Identifier: GPL-2.0
// breaks: mbind() ends its walk at a page that it cannot move
// claim: S2
// rule: mbind-goes-on
// file: mm/mempolicy.c
// history: mm: mempolicy: keep VMA walk if both MPOL_MF_STRICT and MPOL_MF_MOVE are specified (24526268f4e3)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1 7.3
// tests: mappings.*.bind-goes-on
@@
identifier f = {queue_folios_pte_range};
expression E;
identifier out;
@@
 f(...)
 {
 ... when any
 cond_resched();
(
+if (qp->has_unmovable)
+	return 1;
 return E;
|
 out:
+if (qp->nr_failed && (flags & MPOL_MF_STRICT))
+	return 1;
 if (E)
 	return -EIO;
 return 0;
)
 }
