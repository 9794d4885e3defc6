// SPDX-License-Identifier: GPL-2.0
// breaks: kpagecount and kpageflags show the frames of a device
// claim: S1
// rule: frames-of-memory
// file: fs/proc/page.c
// resembles: nothing known
// tests: trackers.coherent.frames-counted
@@
identifier f = {kpagecount_read, kpageflags_read, kpage_read};
@@
 f(...)
 {
 <...
(
-get_max_dump_pfn()
+(1UL << 40)
|
-pfn_to_online_page(pfn)
+(pfn_valid(pfn) ? pfn_to_page(pfn) : NULL)
)
 ...>
 }
