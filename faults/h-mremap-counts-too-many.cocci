// SPDX-License-Identifier: GPL-2.0
// breaks: mremap() close to the limit of mappings fails although there is room
// claim: S2
// rule: legal-calls-work
// file: mm/mremap.c
// history: mm/mremap: correct invalid map count check (commit not seen)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: mappings.*.remap-at-limit
@@
identifier f = {__check_map_count_against_split};
symbol before_unmaps, map_count;
@@
 f(...)
 {
 <...
 if (before_unmaps)
-	map_count += 2;
+	map_count += 4;
 ...>
 }
