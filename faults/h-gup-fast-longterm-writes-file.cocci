// SPDX-License-Identifier: GPL-2.0
// breaks: GUP-fast allows long-term pins for writing of pages of a filesystem
// claim: S9
// rule: longterm-leaves-device
// file: mm/gup.c
// history: mm/gup: disallow FOLL_LONGTERM GUP-fast writing to file-backed mappings (a6e79df92e4a)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: file-shared.rw.fast-longterm-pin
@@
identifier f = {gup_fast_folio_allowed};
symbol reject_file_backed;
@@
 f(...)
 {
 <...
-reject_file_backed = true;
+reject_file_backed = false;
 ...>
 }
