/* SPDX-License-Identifier: GPL-2.0 */
/*
 * driver.h - test_hmm itself, for runs in which nobody has loaded it:
 * run_kselftest.sh and make run_tests in a kernel tree
 */
#ifndef HMM_COHERENT_DRIVER_H
#define HMM_COHERENT_DRIVER_H

#include <stdio.h>

/*
 * Has hmm_coherent_driver.sh, beside the running program, load the driver when
 * there is none, and unload it when this program ends. Where that cannot be,
 * the program ends with kselftest's status for a skip and says why. A driver
 * that refuses ranges which were proven fails all tests (report_fail_all()). Without that
 * script nothing happens.
 */
void driver_provide(FILE *out);

#endif
