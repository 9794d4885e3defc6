// SPDX-License-Identifier: GPL-2.0
// breaks: UFFDIO_API refuses the features of write protection that the kernel has
// claim: S5
// rule: legal-calls-work
// file: fs/userfaultfd.c mm/userfaultfd.c
// resembles: nothing known
// tests: monitor-shared.* monitor.coherent.shared-after-mprotect
@@
identifier f = {userfaultfd_api, uffd_api_available_features};
@@
 f(...)
 {
 <...
-UFFD_API_FEATURES
+(UFFD_API_FEATURES & ~(UFFD_FEATURE_WP_HUGETLBFS_SHMEM | (1ULL << 15)))
 ...>
 }
