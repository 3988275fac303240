/*
 * replay - feed files to a fuzz target, each once: any compiler will do.
 *
 *	fuzz_x FILE|FOLDER ...
 *
 * Ends with the name of the file on which an assertion fails.
 */

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char present[4096]; /* the file at hand */
static unsigned long count;

static void
tell(void)
{
	if (present[0] != '\0')
		printf("failed on %s\n", present);
}

static void
feed(const char *path, size_t size)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = malloc(size);

	if (f == NULL || (size > 0 && data == NULL) ||
	    (size > 0 && fread(data, 1, size, f) != size)) {
		perror(path);
		exit(2);
	}
	fclose(f);
	(void)snprintf(present, sizeof(present), "%s", path);
	LLVMFuzzerTestOneInput(data, size);
	present[0] = '\0';
	free(data);
	count++;
}

static void
feed_path(const char *path)
{
	char below[4096];
	struct dirent *e;
	struct stat st;
	DIR *dir;

	if (stat(path, &st) == -1) {
		perror(path);
		exit(2);
	}
	if (!S_ISDIR(st.st_mode)) {
		feed(path, (size_t)st.st_size);
		return;
	}
	if ((dir = opendir(path)) == NULL) {
		perror(path);
		exit(2);
	}
	while ((e = readdir(dir)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(below, sizeof(below), "%s/%s", path, e->d_name);
		feed_path(below);
	}
	closedir(dir);
}

int
main(int argc, char **argv)
{
	int i;

	atexit(tell);
	for (i = 1; i < argc; i++)
		feed_path(argv[i]);
	if (count == 0) {
		fprintf(stderr, "%s: no input\n", argv[0]);
		return 2;
	}
	printf("%s: %lu inputs\n", argv[0], count);
	return 0;
}
