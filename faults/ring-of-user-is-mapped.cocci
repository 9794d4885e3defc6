// SPDX-License-Identifier: GPL-2.0
// breaks: the memory of a ring of buffers that the user provided can be mapped through the ring
// claim: S7
// rule: ring-memory-pinned
// file: io_uring/memmap.c
// resembles: nothing known
// tests: ring-memory.*.mapped-through-ring
@@
expression mr;
@@
 io_region_validate_mmap(...)
 {
 <...
-if (mr->flags & IO_REGION_F_USER_PROVIDED)
-	return ERR_PTR(-EINVAL);
 ...>
 }
