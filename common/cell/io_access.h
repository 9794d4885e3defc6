/* SPDX-License-Identifier: GPL-2.0 */
/*
 * io_access.h - the accesses by I/O: O_DIRECT, io_uring, vmsplice
 */
#ifndef HMM_COHERENT_IO_ACCESS_H
#define HMM_COHERENT_IO_ACCESS_H

#include "cell/cell.h"

/* The rows, which are part of access_rows(). @count gets their number. */
const struct access *io_access_rows(size_t *count);

#endif
