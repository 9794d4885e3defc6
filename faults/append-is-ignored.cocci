// SPDX-License-Identifier: GPL-2.0
// breaks: RWF_APPEND and O_APPEND write at the given offset
// claim: S7
// rule: flags-as-a-whole
// file: fs/read_write.c
// resembles: nothing known
// tests: ordinary.*.appended
@@
identifier f = {generic_write_checks_count};
symbol iocb;
@@
 f(...)
 {
 <...
-if (iocb->ki_flags & IOCB_APPEND)
-	iocb->ki_pos = i_size_read(...);
 ...>
 }
