// SPDX-License-Identifier: GPL-2.0
// breaks: writing 2 to clear_refs also makes the pages of files not referenced
// claim: S1
// rule: reported-by-state
// file: fs/proc/task_mmu.c
// resembles: nothing known
// tests: page-runs.shared.referenced
@@
@@
-cp->type == CLEAR_REFS_ANON && vma->vm_file
+0
