/* SPDX-License-Identifier: GPL-2.0 */
/*
 * connection.h - a TCP connection over the loopback interface, whose other end
 * does not read until it is told to
 */
#ifndef HMM_COHERENT_CONNECTION_H
#define HMM_COHERENT_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "report/compiler.h"

/* The most pages that connection_receive() takes. */
#define CONNECTION_PAGES_MAX 8

struct connection {
	int sender, receiver;	/* sockets, or 0 */
	bool blocked;		/* other bytes are before those of the test */
};

/* Does the kernel have TCP? */
bool connection_possible(void);

/* Open a connection. Ends the test if that fails. */
void connection_open(struct connection *connection);

/* Reset the connection; bytes in flight are dropped. Does nothing if there is none. */
void connection_close(struct connection *connection);

/*
 * Let the bytes that are sent from now on stay in flight until
 * connection_receive(): send more bytes before them than the other end takes
 * without reading.
 */
void connection_block(struct connection *connection);

/*
 * Receive @pages pages of bytes, and discard those of connection_block() before
 * them. They are valid until the next call. A failed check if they do not
 * arrive in time.
 */
const unsigned char *connection_receive(struct connection *connection, size_t pages) __must_check;

#endif
