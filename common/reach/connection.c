// SPDX-License-Identifier: GPL-2.0
#include "reach/connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "report/report.h"
#include "report/result.h"

#define WAIT_S 20
/* Bytes that the other end takes without reading, about; and more than it ever takes. */
#define FEW 4096
#define FILLER (64 * 1024)

bool connection_possible(void)
{
	return !access("/proc/net/tcp", F_OK);
}

static void set_size(int socket, int option, int size)
{
	if (setsockopt(socket, SOL_SOCKET, option, &size, sizeof(size)))
		syscall_failed("setsockopt", errno);
}

/* A guest of the suite does not switch the interface on: that would cost each boot a process. */
static void switch_on(int socket)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };

	if (in_guest() && ioctl(socket, SIOCSIFFLAGS, &request))
		syscall_failed("SIOCSIFFLAGS", errno);
}

void connection_open(struct connection *connection)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at);
	const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	connection->sender = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || connection->sender < 0)
		syscall_failed("socket", errno);
	switch_on(listener);
	set_size(listener, SO_RCVBUF, FEW);
	set_size(connection->sender, SO_SNDBUF, 8 * FILLER);
	if (bind(listener, (struct sockaddr *)&at, size) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&at, &size))
		syscall_failed("listen", errno);
	if (connect(connection->sender, (struct sockaddr *)&at, size))
		syscall_failed("connect", errno);
	connection->receiver = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (connection->receiver < 0)
		syscall_failed("accept", errno);
	close(listener);
	connection->blocked = false;
}

void connection_close(struct connection *connection)
{
	const struct linger at_once = { .l_onoff = 1 };

	if (connection->receiver > 0) {
		setsockopt(connection->receiver, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
		close(connection->receiver);
	}
	if (connection->sender > 0)
		close(connection->sender);
}

void connection_block(struct connection *connection)
{
	static const unsigned char filler[FILLER];
	const int rule = report->rule;

	set_rule(RULE_LEGAL_CALLS_WORK);
	/* MSG_EOR: what follows goes to a buffer of its own. */
	expect_result("a send of other bytes",
		      errno_of(send(connection->sender, filler, FILLER, MSG_EOR)), FILLER);
	connection->blocked = true;
	report->rule = rule;
}

static void receive(int receiver, unsigned char *to, size_t size)
{
	struct pollfd ready = { .fd = receiver, .events = POLLIN };
	size_t done;
	ssize_t got;

	for (done = 0; done < size; done += got) {
		must(poll(&ready, 1, WAIT_S * 1000) == 1,
		     "only %zu of %zu bytes have arrived within %d s", done, size, WAIT_S);
		got = read(receiver, to + done, size - done);
		must(got > 0, "read() of a socket returns %zd", got);
	}
}

const unsigned char *connection_receive(struct connection *connection, size_t pages)
{
	static unsigned char filler[FILLER], to[CONNECTION_PAGES_MAX * 65536] __aligned(65536);
	const int rule = report->rule;

	set_rule(RULE_BYTES_ARRIVE);
	if (connection->blocked) {
		set_size(connection->receiver, SO_RCVBUF, FILLER);
		receive(connection->receiver, filler, FILLER);
	}
	connection->blocked = false;
	receive(connection->receiver, to, pages * features.page_size);
	report->rule = rule;
	return to;
}
