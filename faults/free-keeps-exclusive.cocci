// SPDX-License-Identifier: GPL-2.0
// breaks: a device page that is freed keeps its AnonExclusive bit
// claim: S3 S5
// rule: freed-to-the-driver nobody-sees-the-other migration-is-the-way-in
// file: mm/memremap.c
// resembles: 78fbe906cc90 (mm/page-flags: reuse PG_mappedtodisk as PG_anon_exclusive), which had to clear it here
// tests: system.*.migrate-away
@@
identifier f = {free_zone_device_page, free_zone_device_folio};
expression list args;
@@
 f(...)
 {
 <...
-__ClearPageAnonExclusive(args);
+;
 ...>
 }
