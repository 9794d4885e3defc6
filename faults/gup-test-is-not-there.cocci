// SPDX-License-Identifier: GPL-2.0
// breaks: gup_test has no file in debugfs
// claim: S9
// rule: features-as-known
// file: mm/gup_test.c
// resembles: nothing known
// tests: interfaces.gup-test.exist
@@
identifier f = {gup_test_init};
@@
 f(void)
 {
 <...
-"gup_test"
+"gup_tests"
 ...>
 }
