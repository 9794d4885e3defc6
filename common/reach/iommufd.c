// SPDX-License-Identifier: GPL-2.0
#include "reach/iommufd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "report/report.h"

#if __has_include("drivers/iommu/iommufd/iommufd_test.h")
#include <drivers/iommu/iommufd/iommufd_test.h>

static int test_command(const struct iommu *iommu, struct iommu_test_cmd *cmd, __u32 op)
{
	cmd->size = sizeof(*cmd);
	cmd->op = op;
	return errno_of(ioctl(iommu->fd, IOMMU_TEST_CMD, cmd));
}

bool iommu_available(void)
{
	struct iommu iommu = { .fd = open("/dev/iommu", O_RDWR | O_CLOEXEC) };
	struct iommu_test_cmd cmd = { 0 };
	int error;

	if (iommu.fd < 0 && errno != ENOENT)
		syscall_failed("open of /dev/iommu", errno);
	if (iommu.fd < 0)
		return false;
	/* A kernel without the mock domain does not know the command (iommufd_fops_ioctl()). */
	error = test_command(&iommu, &cmd, 0);
	close(iommu.fd);
	return error != -ENOTTY;
}

void iommu_open(struct iommu *iommu)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };

	memset(iommu, 0, sizeof(*iommu));
	iommu->fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	if (iommu->fd < 0)
		syscall_failed("/dev/iommu", errno);
	if (ioctl(iommu->fd, IOMMU_IOAS_ALLOC, &alloc))
		syscall_failed("IOMMU_IOAS_ALLOC", errno);
	iommu->space = alloc.out_ioas_id;
}

int iommu_attach(struct iommu *iommu)
{
	struct iommu_test_cmd cmd = { .id = iommu->space };
	int error = test_command(iommu, &cmd, IOMMU_TEST_OP_MOCK_DOMAIN);

	if (!error)
		iommu->domain = cmd.mock_domain.out_hwpt_id;
	return error;
}

int iommu_map(struct iommu *iommu, void *addr, size_t size, bool write)
{
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 (write ? IOMMU_IOAS_MAP_WRITEABLE : 0),
		.ioas_id = iommu->space,
		.user_va = (uintptr_t)addr,
		.length = size,
		/* The space is larger than what the mock device can address. */
		.iova = MOCK_APERTURE_START,
	};
	int error = errno_of(ioctl(iommu->fd, IOMMU_IOAS_MAP, &map));

	if (!error) {
		iommu->iova = map.iova;
		iommu->size = size;
	}
	return error;
}

int iommu_unmap(struct iommu *iommu)
{
	struct iommu_ioas_unmap unmap = { .size = sizeof(unmap), .ioas_id = iommu->space,
					  .iova = iommu->iova, .length = iommu->size };

	if (!iommu->size)
		return 0;
	iommu->size = 0;
	return errno_of(ioctl(iommu->fd, IOMMU_IOAS_UNMAP, &unmap));
}

int iommu_compare(struct iommu *iommu, void *addr, size_t size)
{
	struct iommu_test_cmd cmd = {
		.id = iommu->domain,
		.check_map = { .iova = iommu->iova, .length = size, .uptr = (uintptr_t)addr },
	};

	return test_command(iommu, &cmd, IOMMU_TEST_OP_MD_CHECK_MAP);
}

static int transfer(struct iommu *iommu, void *bytes, size_t size, __u32 flags)
{
	struct iommu_test_cmd open_it = { .id = iommu->space };
	struct iommu_test_cmd cmd;
	int error;

	if (!iommu->reader) {
		error = test_command(iommu, &open_it, IOMMU_TEST_OP_CREATE_ACCESS);
		if (error)
			syscall_failed("IOMMU_TEST_OP_CREATE_ACCESS", -error);
		/* The kernel returns a file, which is the ID for the commands that follow. */
		iommu->reader = open_it.create_access.out_access_fd;
	}
	memset(&cmd, 0, sizeof(cmd));
	cmd.id = iommu->reader;
	cmd.access_rw.iova = iommu->iova;
	cmd.access_rw.length = size;
	cmd.access_rw.uptr = (uintptr_t)bytes;
	cmd.access_rw.flags = flags | MOCK_ACCESS_RW_SLOW_PATH;
	return test_command(iommu, &cmd, IOMMU_TEST_OP_ACCESS_RW);
}

int iommu_read(struct iommu *iommu, void *bytes, size_t size)
{
	return transfer(iommu, bytes, size, 0);
}

int iommu_write(struct iommu *iommu, void *bytes, size_t size)
{
	return transfer(iommu, bytes, size, MOCK_ACCESS_RW_WRITE);
}

#else	/* The tree is older than iommufd. */

bool iommu_available(void)
{
	return false;
}

/* Nothing below is called where iommu_available() is false. */
static int absent(void)
{
	broken("this program was built without iommufd");
}

void iommu_open(struct iommu *iommu)
{
	(void)iommu;
	absent();
}

int iommu_attach(struct iommu *iommu)
{
	(void)iommu;
	return absent();
}

int iommu_map(struct iommu *iommu, void *addr, size_t size, bool write)
{
	(void)iommu;
	(void)addr;
	(void)size;
	(void)write;
	return absent();
}

int iommu_unmap(struct iommu *iommu)
{
	(void)iommu;
	return 0;
}

int iommu_compare(struct iommu *iommu, void *addr, size_t size)
{
	(void)iommu;
	(void)addr;
	(void)size;
	return absent();
}

int iommu_read(struct iommu *iommu, void *bytes, size_t size)
{
	(void)iommu;
	(void)bytes;
	(void)size;
	return absent();
}

int iommu_write(struct iommu *iommu, void *bytes, size_t size)
{
	(void)iommu;
	(void)bytes;
	(void)size;
	return absent();
}

#endif

void iommu_close(struct iommu *iommu)
{
	/* The file of the reader, if there is one, is number iommu->reader. */
	if (iommu->reader)
		close(iommu->reader);
	if (iommu->fd > 0)
		close(iommu->fd);
	memset(iommu, 0, sizeof(*iommu));
}
