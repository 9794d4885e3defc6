// SPDX-License-Identifier: GPL-2.0
// breaks: AIO reports success for a transfer that failed with EFAULT
// claim: S5
// rule: write-needs-vm-write
// file: fs/aio.c
// resembles: nothing known
// tests: ordinary.*-ro-*.by-aio
@@
identifier f = {aio_complete_rw};
symbol iocb, res;
@@
 f(...)
 {
 <...
-iocb->ki_res.res = res;
+iocb->ki_res.res = res == -EFAULT ? 0 : res;
 ...>
 }
