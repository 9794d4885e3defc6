// SPDX-License-Identifier: GPL-2.0
// breaks: mremap() of locked memory grows beyond RLIMIT_MEMLOCK
// claim: S9
// rule: locked-within-limit
// file: mm/mremap.c
// resembles: nothing known
// tests: unprivileged.*.locked-grows
@@
identifier f = {check_prep_vma};
symbol mm, vma, VMA_LOCKED_BIT, vrm, delta;
@@
 f(...)
 {
 <...
-if (!mlock_future_ok(mm, vma_test(vma, VMA_LOCKED_BIT), vrm->delta))
-	return -EAGAIN;
 ...>
 }
