// SPDX-License-Identifier: GPL-2.0
// breaks: slow GUP does not find a mapped coherent page
// claim: S1 S9
// rule: bytes-arrive short-pin-stays
// file: mm/gup.c
// resembles: f7091ed64ec8: code that did not expect GUP to return a device page
// tests: coherent.rw.gup-slow-read coherent.rw.vm-read coherent.rw.ptrace-peek
// quick: make check runs this fault for its claim
@@
identifier f = {follow_page_pte};
expression vma, addr, pte;
identifier page;
@@
 f(...)
 {
 <...
 page = vm_normal_page(vma, addr, pte);
+if (page && is_device_coherent_page(page)) {
+	page = ERR_PTR(-EFAULT);
+	goto out;
+}
 ...>
 }
