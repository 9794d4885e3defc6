// SPDX-License-Identifier: GPL-2.0
// breaks: a fault that is repeated is counted several times
// claim: S2
// rule: events-are-told
// file: mm/memory.c
// history: mm: do not increment pgfault stats when page fault handler retries (53156443a303)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: uffd-events.*.faulted
@@
identifier f = {mm_account_fault};
identifier ret;
statement S;
@@
 f(...)
 {
 <...
-if (ret & VM_FAULT_RETRY) S
 ...>
 }
