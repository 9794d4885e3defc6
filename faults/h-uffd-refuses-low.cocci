// SPDX-License-Identifier: GPL-2.0
// breaks: addresses below mmap_min_addr are treated as invalid
// claim: S2
// rule: range-to-watch
// file: fs/userfaultfd.c mm/userfaultfd.c
// history: userfaultfd: allow registration of ranges below mmap_min_addr (commit not seen)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1 7.3
// tests: uffd-ranges.low.registration
@@
identifier f = {validate_range, validate_unaligned_range};
identifier start, task_size;
@@
 f(...)
 {
 <...
+if (start < mmap_min_addr)
+	return -EINVAL;
 if (start >= task_size)
 	return -EINVAL;
 ...>
 }
