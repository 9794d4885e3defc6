// SPDX-License-Identifier: GPL-2.0
// breaks: registered buffers with an empty place among them cannot be cloned
// claim: S7
// rule: clone-within
// file: io_uring/rsrc.c
// history: io_uring/rsrc: ignore dummy_ubuf for buffer cloning (6d0f8dcb3a68)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: cloned.*.of-empty-slots
@@
identifier f = {io_clone_buffers};
identifier dst_node;
@@
 f(...)
 {
 <...
-dst_node = NULL;
+{ io_rsrc_data_free(ctx, &data); return -EINVAL; }
 ...>
 }
