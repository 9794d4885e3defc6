// SPDX-License-Identifier: GPL-2.0
// breaks: UFFDIO_REGISTER offers operations of modes that were not asked for
// claim: S5
// rule: monitor-has-feature
// file: mm/userfaultfd.c fs/userfaultfd.c
// resembles: nothing known
// tests: uffd-ranges.*.registration
@@
statement S;
symbol uffdio_register;
@@
-if (!(uffdio_register.mode & \(UFFDIO_REGISTER_MODE_WP\|UFFDIO_REGISTER_MODE_MINOR\))) S
