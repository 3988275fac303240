/* configfile - the octets of a configuration file: words, or a complaint. */

#include "fuzz.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "configkeys.h"
#include "configparse.h"

/* Once: complaints go nowhere, the file is one in memory. */
static const char *
path_of_file(int *fd)
{
	static char path[64];
	int null;

	if (path[0] == '\0') {
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		*fd = memfd_create("conf", MFD_CLOEXEC);
		assert_true(null != -1 && *fd != -1);
		/* libFuzzer has its own copy of stderr: -close_fd_mask=2 */
		assert_int_not_equal(dup2(null, STDERR_FILENO), -1);
		close(null);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", *fd);
	}
	return path;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	const char *path = path_of_file(&fd);
	struct raw_config raw;
	size_t i;

	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, data, size, 0), (ssize_t)size);
	if (configparse_file(path, &raw) == 0)
		for (i = 0; i < raw.n; i++) {
			assert_true(raw.v[i].row < config_keys_n);
			assert_true(raw.v[i].line > 0);
			assert_non_null(raw.v[i].text);
			assert_true(raw.v[i].listen <= raw.listen_n);
		}
	configparse_free(&raw);
	return 0;
}
