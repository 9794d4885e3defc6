// SPDX-License-Identifier: GPL-2.0
// breaks: copy-on-write copies only half of a device page
// claim: S5
// rule: nobody-sees-the-other nothing-else-changes
// file: mm/memory.c
// resembles: nothing known
// tests: coherent.cow-shared.pin-slow-read coherent.cow-shared.longterm-fast-read
@@
identifier f = {__wp_page_copy_user};
expression dst, src, addr, vma;
@@
 f(...)
 {
 <...
-copy_mc_user_highpage(dst, src, addr, vma)
+(is_device_coherent_page(src) ? (memcpy(page_address(dst), page_address(src), PAGE_SIZE / 2), memset(page_address(dst) + PAGE_SIZE / 2, 0, PAGE_SIZE / 2), 0) : copy_mc_user_highpage(dst, src, addr, vma))
 ...>
 }
