// SPDX-License-Identifier: GPL-2.0
// breaks: UFFDIO_CONTINUE with write protection does not protect the page
// claim: S5
// rule: uffd-wp-stops-writes
// file: mm/userfaultfd.c
// resembles: nothing known
// tests: uffd-fill.*.continued-protected
@@
expression E;
@@
-uffdio_continue.mode & UFFDIO_CONTINUE_MODE_WP
+0
