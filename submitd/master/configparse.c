/*
 * configparse - libConfuse, and all we want of it.
 *
 * Every key is declared to it as text (or a list of texts), so that one table
 * of our own says what values may be and one function says what was expected.
 * Its callbacks have no argument of ours: what they fill is the one static.
 */

#include "configparse.h"

#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "configkeys.h"
#include "configtext.h"
#include "limits.h"
#include "xalloc.h"

#define VALUES_MAX 1024

static struct {
	struct raw_config *raw;
	cfg_t *root;
	unsigned errors;
} parse;

void
configparse_complain(const char *file, unsigned line, const char *fmt, ...)
{
	va_list ap;

	if (line != 0)
		fprintf(stderr, "%s:%u: ", file, line);
	else
		fprintf(stderr, "%s: ", file);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* libConfuse's own complaints: syntax, and keys that do not exist. */
__attribute__((format(printf, 2, 0))) static void
on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	char text[512];

	vsnprintf(text, sizeof(text), fmt, ap);
	parse.errors++;
	if (cfg != parse.root && cfg->name != NULL)
		configparse_complain(cfg->filename, (unsigned)cfg->line,
		    "%s: %s", cfg->name, text);
	else
		configparse_complain(
		    cfg->filename, (unsigned)cfg->line, "%s", text);
}

static bool
is_list(enum key_kind kind)
{
	return kind >= KEY_SERVERS && kind <= KEY_KEY_FILES;
}

static const char *
section_name(const cfg_t *cfg)
{
	return cfg == parse.root ? "" : cfg->name;
}

static unsigned
listen_index(const cfg_t *cfg)
{
	unsigned i;

	for (i = 0; i < cfg_size(parse.root, "listen"); i++)
		if (cfg_getnsec(parse.root, "listen", i) == cfg)
			return i;
	return 0;
}

static bool
stands_before(const struct raw_value *value)
{
	const struct raw_config *raw = parse.raw;
	size_t i;

	for (i = 0; i < raw->n; i++)
		if (raw->v[i].row == value->row &&
		    raw->v[i].listen == value->listen)
			return true;
	return false;
}

/* Called for every value as it is read, while its line is known. */
static int
on_value(cfg_t *cfg, cfg_opt_t *opt, const char *text, void *result)
{
	struct raw_config *raw = parse.raw;
	struct raw_value value = {
		.row = config_key_find(section_name(cfg), opt->name),
		.listen = listen_index(cfg),
		.line = (unsigned)cfg->line,
	};

	*(const char **)result = text;
	if (raw->n == VALUES_MAX) {
		cfg_error(cfg, "more than %d values", VALUES_MAX);
		return -1;
	}
	/* the first value of an assignment, while there has been another */
	if (opt->nvalues == 1 && stands_before(&value)) {
		cfg_error(cfg, "'%s' is set twice", opt->name);
		return -1;
	}
	value.text = xstrdup(text);
	raw->v = xreallocarray(raw->v, raw->n + 1, sizeof(*raw->v));
	raw->v[raw->n++] = value;
	return 0;
}

/* Turn our table into libConfuse's, one run of sub-options per section. */
static void
declare_keys(cfg_opt_t *root, cfg_opt_t *sub)
{
	static const cfg_opt_t end = CFG_END();
	const char *section = "";
	size_t i;

	for (i = 0; i < config_keys_n; i++) {
		const struct config_key *key = &config_keys[i];
		const cfg_opt_t scalar =
		    CFG_STR_CB(key->name, NULL, CFGF_NONE, on_value);
		const cfg_opt_t list =
		    CFG_STR_LIST_CB(key->name, NULL, CFGF_NONE, on_value);

		if (key->section[0] == '\0') {
			*root++ = scalar;
			continue;
		}
		if (strcmp(key->section, section) != 0) {
			section = key->section;
			*sub++ = end;
			*root++ =
			    (cfg_opt_t)CFG_SEC(key->section, sub, CFGF_MULTI);
		}
		*sub++ = is_list(key->kind) ? list : scalar;
	}
	*sub = end;
	*root = end;
}

/* All sections are declared repeatable, so that we can say what is wrong. */
static void
check_sections(void)
{
	unsigned i, j, k;

	for (i = 0; i < cfg_num(parse.root); i++) {
		cfg_opt_t *opt = cfg_getnopt(parse.root, i);

		if (opt->type != CFGT_SEC)
			continue;
		for (j = 0; j < cfg_opt_size(opt); j++) {
			cfg_t *cfg = cfg_opt_getnsec(opt, j);

			if (j > 0 && strcmp(opt->name, "listen") != 0)
				cfg_error(cfg, "a second section of this name");
			for (k = 0; k < cfg_num(cfg); k++) {
				cfg_opt_t *sub = cfg_getnopt(cfg, k);

				if ((sub->flags & CFGF_LIST) != 0 &&
				    (sub->flags & CFGF_MODIFIED) != 0 &&
				    cfg_opt_size(sub) == 0)
					cfg_error(cfg, "%s: an empty list",
					    sub->name);
			}
		}
	}
}

/* A regular file of sane size into text; -1 after a complaint. */
static int
read_file(const char *path, struct buf *text)
{
	char part[4096];
	struct stat st;
	ssize_t n;
	int r = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd == -1 || fstat(fd, &st) != 0) {
		configparse_complain(
		    path, 0, "cannot be opened: %s", strerror(errno));
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		configparse_complain(path, 0, "is not a regular file");
		goto out;
	}
	while ((n = read(fd, part, sizeof(part))) > 0)
		buf_add(text, part, (size_t)n);
	if (n == -1)
		configparse_complain(
		    path, 0, "cannot be read: %s", strerror(errno));
	else if (!buf_ok(text))
		configparse_complain(
		    path, 0, "is larger than %d octets", LIMIT_CONFIG_FILE);
	else
		r = 0;
out:
	if (fd != -1)
		close(fd);
	return r;
}

/* The file as a stream of what libConfuse shall see; NULL: complained. */
static FILE *
open_text(const char *path, struct buf *text)
{
	unsigned line;
	FILE *f;

	if (read_file(path, text) == -1)
		return NULL;
	line = configtext_blank_comments(text->p, text->n);
	if (line != 0) {
		configparse_complain(path, line, "a comment that never ends");
		return NULL;
	}
	line = configtext_open_brace(text->p, text->n);
	if (line != 0) {
		configparse_complain(
		    path, line, "a \"{\" that is never closed");
		return NULL;
	}
	buf_add(text, "\n", 1); /* a stream must not be empty */
	f = fmemopen(text->p, text->n, "r");
	if (f == NULL)
		configparse_complain(path, 0, "%s", strerror(errno));
	return f;
}

int
configparse_file(const char *path, struct raw_config *out)
{
	/* at most one section, and one end, for each key */
	cfg_opt_t root[CONFIG_KEYS_MAX], sub[2 * CONFIG_KEYS_MAX];
	struct buf text = buf_new(LIMIT_CONFIG_FILE);
	FILE *f;

	*out = (struct raw_config){ 0 };
	if ((f = open_text(path, &text)) == NULL) {
		buf_free(&text);
		return -1;
	}
	declare_keys(root, sub);
	parse.raw = out;
	parse.errors = 0;
	parse.root = cfg_init(root, CFGF_NONE); /* copies what it is given */
	BUG_ON(parse.root == NULL);
	parse.root->filename = xstrdup(path);
	cfg_set_error_function(parse.root, on_error);
	if (cfg_parse_fp(parse.root, f) == CFG_SUCCESS)
		check_sections();
	else if (parse.errors == 0)
		cfg_error(parse.root, "not understood");
	out->listen_n = cfg_size(parse.root, "listen");
	cfg_free(parse.root);
	parse.root = NULL;
	fclose(f);
	buf_free(&text);
	return parse.errors == 0 ? 0 : -1;
}

void
configparse_free(struct raw_config *raw)
{
	size_t i;

	for (i = 0; i < raw->n; i++)
		free(raw->v[i].text);
	free(raw->v);
	*raw = (struct raw_config){ 0 };
}
