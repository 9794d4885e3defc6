// SPDX-License-Identifier: GPL-2.0
// breaks: UFFDIO_COPY with UFFDIO_COPY_MODE_DONTWAKE wakes who waits for the page
// claim: S2
// rule: events-are-told
// file: mm/userfaultfd.c fs/userfaultfd.c
// resembles: nothing known
// tests: uffd-events.*.not-woken
@@
@@
-!(uffdio_copy.mode & UFFDIO_COPY_MODE_DONTWAKE)
+1
