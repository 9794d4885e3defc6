// SPDX-License-Identifier: GPL-2.0
// breaks: a mapping whose operations have close() cannot grow
// claim: S2
// rule: legal-calls-work
// file: mm/mremap.c
// history: mm, mremap: fix mremap() expanding for vma's with vm_ops->close() (d014cd7c1c35)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1
// tests: *
@@
expression vma;
@@
-!vma->vm_ops || !vma->vm_ops->close
+1
