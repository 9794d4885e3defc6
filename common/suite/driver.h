/* SPDX-License-Identifier: GPL-2.0 */
/*
 * driver.h - load test_hmm, if it is not loaded: for run_kselftest.sh and make
 * run_tests in a kernel tree
 */
#ifndef HMM_COHERENT_DRIVER_H
#define HMM_COHERENT_DRIVER_H

#include <stdio.h>

/*
 * Load the driver with hmm_coherent_driver.sh, which is next to the running
 * program, if it is not loaded, and unload it when the program ends. If that is
 * not possible, the program ends with kselftest's status for a skip and prints
 * the reason. If the driver does not load with proven ranges, all tests fail
 * (report_fail_all()). Does nothing without the script.
 */
void driver_provide(FILE *out);

#endif
