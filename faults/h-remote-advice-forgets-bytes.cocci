// SPDX-License-Identifier: GPL-2.0
// breaks: process_madvise() that fails in a later range returns the error and not the bytes before
// breaks: it
// claim: S2
// rule: hints-from-outside
// file: mm/madvise.c
// history: mm: madvise: return correct bytes advised with process_madvise (5bd009c7c9a9)
// source: upstream history; the code is in the named kernel
// kernels: 7.3
// tests: advised.*.hints-in-part

@@
expression E;
@@
 vector_madvise(...)
 {
 <...
- ret = (E) ? : ret;
+ ret = ret ? : (E);
 ...>
 }
