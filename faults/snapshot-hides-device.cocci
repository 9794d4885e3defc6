// SPDX-License-Identifier: GPL-2.0
// breaks: the driver's snapshot shows a coherent page as not mapped
// claim: S1
// rule: observers-agree
// file: lib/test_hmm.c
// resembles: nothing known
// tests: coherent.rw.cpu-read coherent.ro.vm-read
@@
identifier f = {dmirror_mkentry};
identifier dmirror, range, perm, entry, page;
@@
 f(struct dmirror *dmirror, struct hmm_range *range, unsigned char *perm, unsigned long entry)
 {
 <...
 page = hmm_pfn_to_page(entry);
+if (is_device_coherent_page(page)) {
+	*perm = HMM_DMIRROR_PROT_NONE;
+	return;
+}
 ...>
 }
