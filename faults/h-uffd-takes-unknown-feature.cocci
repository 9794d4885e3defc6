// SPDX-License-Identifier: GPL-2.0
// breaks: UFFDIO_API accepts features that the kernel does not know
// claim: S5
// rule: monitor-has-feature
// file: fs/userfaultfd.c mm/userfaultfd.c
// history: Fix userfaultfd_api to return EINVAL as expected (1723f04caacb)
// source: Debian changelog of 6.1
// kernels: 6.1 7.3
// tests: uffd-ranges.*.wrong-features

@@
@@
 userfaultfd_api(...)
 {
 <...
- if (features & ~uffdio_api.features)
-	goto err_out;
 ...>
 }
