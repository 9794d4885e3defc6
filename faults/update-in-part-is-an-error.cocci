// SPDX-License-Identifier: GPL-2.0
// breaks: an update of registered buffers that fails after the first one says so although the first was replaced
// claim: S7
// rule: update-tells
// file: io_uring/rsrc.c
// resembles: nothing known
// tests: registered.*.updated-in-part
@@
@@
 __io_sqe_buffers_update(...)
 {
 <...
-return done ? done : err;
+return done < nr_args ? err : done;
 ...>
 }
