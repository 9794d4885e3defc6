// SPDX-License-Identifier: GPL-2.0
// breaks: a registered buffer whose large pages have different sizes is taken as one of equal sizes
// claim: S7
// rule: pin-ends-with-holder
// file: io_uring/rsrc.c
// resembles: nothing known
// tests: large.mthp-coherent-*.with-another-size
@@
identifier f = {io_check_coalesce_buffer};
identifier folio, data;
@@
 f(...)
 {
 <...
-folio_size(folio) != (1UL << data->folio_shift) ||
 folio_page_idx(...) != 0
 ...>
 }
