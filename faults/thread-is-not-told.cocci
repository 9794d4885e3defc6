// SPDX-License-Identifier: GPL-2.0
// breaks: a fault that userfaultfd reports names the process and not the thread
// claim: S2
// rule: events-are-told
// file: mm/userfaultfd.c
// resembles: nothing known
// tests: uffd-events.*.faulted
@@
identifier f = {userfault_msg};
@@
 f(...)
 {
 <...
-task_pid_vnr(current)
+task_tgid_vnr(current)
 ...>
 }
