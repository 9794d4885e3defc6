// SPDX-License-Identifier: GPL-2.0
// fixes: test_hmm takes its lock, which the freeing of a page takes in interrupts, with irqsave
// finding: test-hmm-lock-in-interrupt
// kernels: 6.1 6.12 7.3
// file: lib/test_hmm.c
// profile: debug
// tests: destructive.freed-by-transfer
@@
identifier f, mdevice;
@@
 f(...)
 {
+	unsigned long irq;
 <+...
(
-spin_lock(&mdevice->lock);
+spin_lock_irqsave(&mdevice->lock, irq);
|
-spin_unlock(&mdevice->lock);
+spin_unlock_irqrestore(&mdevice->lock, irq);
)
 ...+>
 }
