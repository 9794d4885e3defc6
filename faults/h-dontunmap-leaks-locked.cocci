// SPDX-License-Identifier: GPL-2.0
// breaks: the mapping is not split before it is unlocked
// claim: S3
// rule: mappings-are-counted
// file: mm/mremap.c
// history: mm/mremap: fix locked_vm leak by splitting VMA for MREMAP_DONTUNMAP (commit not seen)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1 7.3
// tests: mappings.*.locked-part-moved
@@
identifier f = {move_vma};
expression E;
symbol split_before;
@@
 f(...)
 {
 <...
 if (
-    E
+    0
    ) {
 	if (split_before)
 		err = split_vma(...);
 	...
 }
 ...>
 }

@@
identifier f = {needs_pre_split};
expression E;
@@
 f(...)
 {
-return E;
+return false;
 }
