// SPDX-License-Identifier: GPL-2.0
// breaks: process_vm_readv() and _writev() stop at a part without bytes
// claim: S7
// rule: bytes-arrive
// file: mm/process_vm_access.c
// resembles: nothing known
// tests: debuggers.vm-*.read
@@
identifier f = {process_vm_rw_single_vec};
symbol len;
@@
 f(...)
 {
 <...
 if (len == 0)
-	return 0;
+	return -EFAULT;
 ...>
 }
