// SPDX-License-Identifier: GPL-2.0
// breaks: VmLck is too large after locked memory is moved with MREMAP_DONTUNMAP
// claim: S3
// rule: mappings-are-counted
// file: mm/mremap.c
// history: mm/mremap: account mm->locked_vm correctly for MREMAP_DONTUNMAP (commit not seen)
// source: Debian's changelog of linux 7.2.13, stable update
// kernels: 7.3
// tests: mappings.*.locked-part-moved mappings.*.left-beside
@@
identifier f = {move_vma};
identifier vrm;
@@
 f(...)
 {
 ...
+vrm_stat_account(vrm, vrm->new_len);
 if (unlikely(is_dontunmap && !err))
 	dontunmap_complete(vrm, new_vma);
-vrm_stat_account(vrm, vrm->new_len);
 ...
 }
