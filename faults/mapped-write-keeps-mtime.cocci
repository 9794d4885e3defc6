// SPDX-License-Identifier: GPL-2.0
// breaks: a write through a shared mapping of tmpfs does not change the file's time of modification
// claim: S7
// rule: times-of-file
// file: mm/memory.c
// resembles: nothing known
// tests: direct-cache.*-file.timed-by-mapping
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
