// SPDX-License-Identifier: GPL-2.0
// breaks: the page that a uprobe replaces by a copy keeps a reference
// claim: S3
// rule: freed-to-the-driver
// file: kernel/events/uprobes.c
// profile: wide
// resembles: nothing known
// tests: uprobes.coherent.counted
@@
identifier f = {__replace_page};
symbol old_folio;
@@
 f(...)
 {
 <...
-folio_put(old_folio);
 ...>
 }
