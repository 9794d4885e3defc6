// SPDX-License-Identifier: GPL-2.0
// breaks: the driver finds no free page of the second coherent device; the others have pages
// claim: S2
// rule: migration-is-the-way-in
// file: lib/test_hmm.c
// resembles: nothing known
// tests: driver.takes-pages remote.rw.cpu-read long-ranges.remote.to-and-fro
@@
identifier f = {dmirror_devmem_alloc_page};
expression E;
statement S;
@@
 f(...)
 {
 <...
+if (MINOR(mdevice->device.devt) == 3)
+	return NULL;
 if (dmirror_is_private_zone(E)) S
 ...>
}
