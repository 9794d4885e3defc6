// SPDX-License-Identifier: GPL-2.0
// breaks: userfaultfd refuses the event of munmap() as a feature that it does not have
// claim: S2
// rule: legal-calls-work
// file: fs/userfaultfd.c mm/userfaultfd.c
// resembles: nothing known
// tests: uffd-events.*.unmapped

@@
@@
 userfaultfd_api(...)
 {
 <...
-features & ~uffdio_api.features
+features & (~uffdio_api.features | UFFD_FEATURE_EVENT_UNMAP)
 ...>
 }
