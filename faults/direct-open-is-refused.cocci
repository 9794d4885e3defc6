// SPDX-License-Identifier: GPL-2.0
// breaks: ext4 refuses to open a file with O_DIRECT
// claim: S7
// rule: legal-calls-work
// file: fs/ext4/file.c
// resembles: nothing known
// tests: coherent.rw.dio-read direct-io.coherent-rw-file.read-whole
@@
identifier f = {ext4_file_open};
@@
 f(...)
 {
 <...
+if (filp->f_flags & O_DIRECT)
+	return -EINVAL;
 ret = ext4_sample_last_mounted(...);
 ...>
 }
