// SPDX-License-Identifier: GPL-2.0
// breaks: btrfs refuses a direct read of no whole blocks
// claim: S7
// rule: unaligned-is-buffered
// file: fs/btrfs/direct-io.c fs/btrfs/file.c
// profile: wide
// resembles: nothing known
// tests: blocks.*-btrfs.through-cache
@@
identifier f = {btrfs_direct_read};
expression E1, E2, E3;
@@
 f(...)
 {
 <...
 if (check_direct_read(E1, E2, E3))
-	return 0;
+	return -EINVAL;
 ...>
 }
