// SPDX-License-Identifier: GPL-2.0
// breaks: a registered buffer that is in flight in a socket is unpinned when it is replaced
// claim: S7
// rule: pinned-stays
// file: io_uring/net.c
// profile: wide
// resembles: nothing known
// tests: send-zc.*.replaced-in-flight
@@
identifier f = {io_send_zc_import};
@@
 f(...)
 {
 ...
 if (unlikely(ret))
 	return ret;
+io_put_rsrc_node(req->ctx, notif->buf_node);
+notif->buf_node = NULL;
 ...
 }
