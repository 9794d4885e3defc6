// SPDX-License-Identifier: GPL-2.0
// breaks: slow GUP allows long-term pins for writing of pages of a filesystem
// claim: S7
// rule: longterm-leaves-device
// file: mm/gup.c
// history: mm/gup: disallow FOLL_LONGTERM GUP-nonfast writing to file-backed mappings (8ac268436e6d)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: file-shared.rw.slow-longterm-pin file-shared.rw.fast-longterm-pin
@@
identifier f = {check_vma_flags};
@@
 f(...)
 {
 <...
-!writable_file_mapping_allowed(...)
+0
 ...>
 }
