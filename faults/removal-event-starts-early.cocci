// SPDX-License-Identifier: GPL-2.0
// breaks: the event of userfaultfd for a removed range begins at the mapping and not at the range
// claim: S2
// rule: events-are-told
// file: mm/userfaultfd.c
// resembles: nothing known
// tests: uffd-events.*.removed
@@
identifier f = {userfaultfd_remove};
symbol ewq, msg, arg, remove, start, vma;
@@
 f(...)
 {
 <...
-ewq.msg.arg.remove.start = start;
+ewq.msg.arg.remove.start = vma->vm_start;
 ...>
 }
