// SPDX-License-Identifier: GPL-2.0
// breaks: userfaultfd(2) fails with EMFILE
// claim: S5
// rule: legal-calls-work
// file: fs/userfaultfd.c mm/userfaultfd.c
// resembles: nothing known
// tests: coherent.uffd-wp.cpu-write monitor.coherent.unregistered
@@
identifier f = {new_userfaultfd};
identifier flags;
expression known;
@@
 f(int flags)
 {
 <...
-if (flags & ~(known)) return -EINVAL;
+if (flags != -1)
+	return -EMFILE;
 ...>
 }
