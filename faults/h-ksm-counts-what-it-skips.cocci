// SPDX-License-Identifier: GPL-2.0
// breaks: pages_scanned counts what ksmd was asked to scan and not what it scanned
// claim: S5
// rule: merged-is-shared
// file: mm/ksm.c
// history: mm/ksm: fix ksm_pages_scanned accounting (commit not seen)
// source: the upstream history from memory; the fixed code is in the named kernels
// kernels: 7.3
// tests: ksm-zero.scanned
@@
identifier n;
@@
 ksm_do_scan(unsigned int n)
 {
+	ksm_pages_scanned += n;
 	...
 }
@@
@@
 ksm_do_scan(...)
 {
 <...
-ksm_pages_scanned++;
 ...>
 }
