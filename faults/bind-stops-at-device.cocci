// SPDX-License-Identifier: GPL-2.0
// breaks: mbind(MPOL_MF_MOVE) moves no page behind one on a device
// claim: S2
// rule: nodes-pass-over
// file: mm/mempolicy.c
// resembles: nothing known
// tests: numa.coherent-*.mbind-move

@@
@@
 queue_folios_pte_range(...)
 {
 <...
 if (!folio || folio_is_zone_device(folio))
-	continue;
+	break;
 ...>
 }
