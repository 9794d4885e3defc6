// SPDX-License-Identifier: GPL-2.0
// breaks: F_SEAL_EXEC of an executable memfd seals it for writing although a writable mapping exists
// claim: S5
// rule: sealed-stays
// file: mm/memfd.c
// history: memfd: deny writeable mappings when implying SEAL_WRITE (3b041514cb6e)
// source: Debian's changelog of linux 6.12.95, stable update
// kernels: 7.3
// tests: sealed.*.program-sealed
@@
identifier f = {memfd_add_seals};
identifier seals, inode;
expression E;
@@
 f(...)
 {
 ...
-if (seals & F_SEAL_EXEC && inode->i_mode & 0111)
-	seals |= E;
 ...
+if (seals & F_SEAL_EXEC && inode->i_mode & 0111)
+	seals |= E;
 *file_seals |= seals;
 ...
 }
