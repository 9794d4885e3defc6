/* SPDX-License-Identifier: GPL-2.0 */
/*
 * iommufd.h - memory that is mapped for a device behind an IOMMU: iommufd and
 * its mock domain (CONFIG_IOMMUFD_TEST)
 *
 * A mapping pins its pages as VFIO does for a virtual machine. The mock domain
 * is an IOMMU without hardware, which can be asked for the page frames that it
 * maps. Its ioctls are defined in drivers/iommu/iommufd/iommufd_test.h of the
 * kernel tree that the programs are built with.
 */
#ifndef HMM_COHERENT_IOMMUFD_H
#define HMM_COHERENT_IOMMUFD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/compiler.h"

struct iommu {
	int fd;
	uint32_t space;		/* address space of devices (IOAS) */
	uint32_t domain;	/* the mock domain, 0 if none is attached */
	uint32_t reader;	/* an access of the kernel to the space, 0 if there is none */
	uint64_t iova;		/* of the mapping; there is at most one at a time */
	size_t size;		/* of the mapping in bytes, 0 if there is none */
};

/* Was this program built with the ioctls of the mock domain, and does the kernel have it? */
bool iommu_available(void);

/* Open iommufd and make an address space. Ends the test if that fails. */
void iommu_open(struct iommu *iommu);

/* Close it. The kernel unpins what is mapped. Does nothing if it is not open. */
void iommu_close(struct iommu *iommu);

/*
 * Attach a mock device with its domain to the address space: from now on, what
 * is mapped there is pinned. Returns 0 or -errno.
 */
int iommu_attach(struct iommu *iommu) __must_check;

/*
 * Map @size bytes at @addr for devices, which may read them, and write them if
 * @write. Returns 0 or -errno.
 */
int iommu_map(struct iommu *iommu, void *addr, size_t size, bool write) __must_check;

/* Unmap it. Returns 0 or -errno; does nothing and returns 0 if nothing is mapped. */
int iommu_unmap(struct iommu *iommu) __must_check;

/*
 * Compare the page frames of the domain with those that this process maps at
 * @addr, which it faults in. Returns 0, or -EINVAL if one differs
 * (iommufd_test_md_check_pa()).
 */
int iommu_compare(struct iommu *iommu, void *addr, size_t size) __must_check;

/*
 * Let the kernel read @size bytes of the mapping into @bytes, or write them
 * from there, by page frames and not by user addresses. It uses the frames that
 * are pinned. Where none are, it takes a short-term pin for one page, and
 * long-term pins for more (iopt_pages_rw_access()). Returns 0 or -errno.
 */
int iommu_read(struct iommu *iommu, void *bytes, size_t size) __must_check;
int iommu_write(struct iommu *iommu, void *bytes, size_t size) __must_check;

#endif
