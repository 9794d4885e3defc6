// SPDX-License-Identifier: GPL-2.0
// breaks: a request that completes later than it was submitted leaves its buffer in the ring of buffers, so that the next request gets it, too
// claim: S7
// rule: ring-of-buffers
// file: io_uring/kbuf.c
// history: io_uring/rw: commit provided buffer state on async (commit not seen)
// source: Debian's changelog of linux 6.1.187, stable update
// kernels: 7.3
// tests: ring-parts.*.buffers-at-once
@@
identifier f = {io_should_commit};
identifier issue_flags;
@@
 f(...)
 {
 <...
-if (issue_flags & IO_URING_F_UNLOCKED)
-	return true;
 ...>
 }

@@
identifier f = {io_should_commit};
identifier req;
@@
 f(...)
 {
 <...
-if (!io_file_can_poll(req) && !io_is_uring_cmd(req))
-	return true;
 ...>
 }
