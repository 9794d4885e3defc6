// SPDX-License-Identifier: GPL-2.0
// breaks: the copy that fork makes of a pinned page for the child is empty
// claim: S7
// rule: pin-follows-owner nobody-sees-the-other
// file: mm/memory.c
// resembles: nothing known
// tests: fixed-buffers.coherent-rw.pin-follows-owner-over-fork
@@
identifier f = {copy_present_page};
expression A;
expression list args;
@@
 f(...)
 {
 <...
(
-copy_user_highpage(A, args);
+clear_highpage(A);
|
-copy_mc_user_highpage(A, args)
+(clear_highpage(A), 0)
)
 ...>
 }
