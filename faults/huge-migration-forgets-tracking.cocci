// SPDX-License-Identifier: GPL-2.0
// breaks: a huge page that is migrated as a whole is not soft-dirty any more
// claim: S4
// rule: marks-travel
// file: mm/huge_memory.c
// resembles: nothing known
// tests: *
@@
identifier f = {set_pmd_migration_entry};
symbol softdirty, pmdval;
@@
 f(...)
 {
 <...
-softdirty = pmd_soft_dirty(pmdval);
+softdirty = false;
 ...>
 }
