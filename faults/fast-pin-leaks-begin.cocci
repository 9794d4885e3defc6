// SPDX-License-Identifier: GPL-2.0
// breaks: a pin by GUP-fast of a range whose end is not mapped fails and leaves the begin pinned
// claim: S7
// rule: pin-ends-with-holder partial-transfer
// file: mm/gup.c
// resembles: nothing known
// tests: coherent.ro.pin-fast-write.half-ro long-ranges.*.pinned-to-the-end
@@
identifier f = {gup_fast_fallback,internal_get_user_pages_fast};
identifier nr_pinned;
@@
 f(...)
 {
 <...
-if (nr_pinned) return nr_pinned;
 ...>
 }
