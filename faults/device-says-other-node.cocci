// SPDX-License-Identifier: GPL-2.0
// breaks: get_mempolicy() returns another node than that of the device page
// claim: S1
// rule: node-of-device
// file: mm/mempolicy.c
// resembles: nothing known
// tests: numa.coherent-rw.node-of-page
@@
identifier f = {lookup_node};
expression page;
@@
 f(...)
 {
 <...
-page_to_nid(page)
+(page_to_nid(page) ^ is_zone_device_page(page))
 ...>
 }
