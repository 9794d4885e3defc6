// SPDX-License-Identifier: GPL-2.0
// breaks: a write through a shared mapping of tmpfs does not change the file's time of modification
// claim: S3
// rule: legal-calls-work
// file: mm/memory.c
// resembles: nothing known
// tests: coherent.*
@@
identifier f = {fault_dirty_shared_page};
@@
 f(...)
 {
 <...
-file_update_time(...);
+;
 ...>
 }
