// SPDX-License-Identifier: GPL-2.0
// breaks: UFFDIO_SET_MODE turns UFFD_FEATURE_RWP_ASYNC on without UFFD_FEATURE_RWP
// claim: S5
// rule: monitor-has-feature
// file: mm/userfaultfd.c
// resembles: nothing known
// tests: uffd-access.coherent.wrong-modes

@@
@@
 userfaultfd_set_mode(...)
 {
 <...
- !(userfaultfd_features(ctx) & UFFD_FEATURE_RWP)
+ false
 ...>
 }
