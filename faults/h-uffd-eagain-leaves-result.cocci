// SPDX-License-Identifier: GPL-2.0
// breaks: UFFDIO_COPY that fails with EAGAIN while the mappings change does not say so in its result field
// claim: S2
// rule: events-are-told
// file: mm/userfaultfd.c
// history: mm/userfaultfd: fix uninitialized output field for -EAGAIN race (95567729df41)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: uffd-events.*.forked
@@
identifier f = {userfaultfd_copy};
symbol ret, user_uffdio_copy, out;
@@
 f(...)
 {
 <...
-if (unlikely(put_user(ret, &user_uffdio_copy->copy)))
-	return -EFAULT;
 goto out;
 ...>
 }
