// SPDX-License-Identifier: GPL-2.0
// breaks: SEND_ZC copies the bytes, and its notification comes at once
// claim: S7
// rule: send-holds-page
// file: io_uring/net.c
// profile: wide
// resembles: nothing known
// tests: send-zc.*.written-in-flight send-zc.*.unregistered send-zc.*.unmapped-in-flight
@@
identifier f = {io_send_zc, io_sendmsg_zc};
expression E;
@@
 f(...)
 {
 <...
(
-msg.msg_ubuf = E;
+msg.msg_ubuf = NULL;
|
-kmsg->msg.msg_ubuf = E;
+kmsg->msg.msg_ubuf = NULL;
)
 ...>
 }
