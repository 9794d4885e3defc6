// SPDX-License-Identifier: GPL-2.0
// breaks: UFFDIO_COPY_MODE_WP fills a page that is not protected
// claim: S5
// rule: uffd-wp-stops-writes
// file: mm/userfaultfd.c
// resembles: nothing known
// tests: uffd-fill.*.copied-protected
@@
identifier f = {mfill_atomic_install_pte};
statement S;
@@
 f(...)
 {
 <...
(
-if (flags & MFILL_ATOMIC_WP) S
|
-if (wp_copy) S
)
 ...>
 }
