// SPDX-License-Identifier: GPL-2.0
// breaks: mincore() says of all pages of a hole of a file mapping what it found for the first
// claim: S1
// rule: reported-by-state
// file: mm/mincore.c
// resembles: nothing known
// tests: page-runs.shared.resident
@@
identifier i, nr, pgoff;
statement S;
@@
 __mincore_unmapped_range(...)
 {
 <...
-for (i = 0; i < nr; i++, pgoff++)
+for (i = 0; i < nr; i++)
 	S
 ...>
 }
