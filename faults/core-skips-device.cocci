// SPDX-License-Identifier: GPL-2.0
// breaks: a core dump has zeros in place of the pages on a device
// claim: S7
// rule: core-has-bytes
// file: mm/gup.c
// resembles: nothing known
// tests: core-dump.coherent-rw.shared core-dump.coherent-ro.half-placed
@@
identifier f = get_dump_page;
identifier page;
expression ret;
@@
 f(...)
 {
 <...
+if (ret == 1 && is_zone_device_page(page)) {
+	put_page(page);
+	return NULL;
+}
 return (ret == 1) ? page : NULL;
 ...>
 }
