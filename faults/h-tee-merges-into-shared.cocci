// SPDX-License-Identifier: GPL-2.0
// breaks: what is written to a pipe after tee() goes into the page that the other pipe has, too
// claim: S2
// rule: pipe-keeps
// file: fs/splice.c
// history: splice: don't merge into linked buffers (a0ce2f0aa6ad)
// source: the upstream history from memory; the fixed code is in the named kernels
// kernels: 6.1 7.3
// tests: pipes.*.of-another-pipe
@@
identifier f = {link_pipe};
expression obuf;
@@
 f(...)
 {
 <...
-obuf->flags &= ~PIPE_BUF_FLAG_CAN_MERGE;
 ...>
 }
