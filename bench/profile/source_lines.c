/* SPDX-License-Identifier: BSD-2-Clause */
/* addr2line is asked once, with all addresses in a file, and answers a line each. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "source_lines.h"

/* Rooms of the tree that the hypervisor's sources lie in; pairs/ is made by the build. */
static const char *const rooms[] = { "/hv/", "/policies/", "/abi/", "/traces/", "/pairs/" };

/* Behind the last room's slash but one: "hv/svm/svm.c". What lies in none stays as it is. */
static const char *in_tree(const char *file)
{
	for (size_t i = 0; i < COUNT_OF(rooms); i++) {
		const char *at = strstr(file, rooms[i]), *next;

		while (at && (next = strstr(at + 1, rooms[i])))
			at = next;
		if (at)
			return at + 1;
	}
	return !strncmp(file, "pairs/", 6) ? file : strncmp(file, "./", 2) ? file : file + 2;
}

static void add(struct source_lines *s, const char *text, uint64_t count)
{
	const char *colon = strrchr(text, ':');
	const unsigned long line = colon ? strtoul(colon + 1, NULL, 10) : 0;
	char *file;

	if (!line || *text == '?') {
		s->unknown += count;
		return;
	}
	file = xfmt("%.*s", (int)(colon - text), text);
	s->line = xrealloc(s->line, (s->n + 1) * sizeof(*s->line));
	s->line[s->n++] = (struct source_line){ xstrdup(in_tree(file)), (unsigned)line, count };
	free(file);
}

static int by_place(const void *x, const void *y)
{
	const struct source_line *a = x, *b = y;
	const int order = strcmp(a->file, b->file);

	return order ? order : (a->line > b->line) - (a->line < b->line);
}

static void join_lines(struct source_lines *s)
{
	size_t n = 0;

	if (s->n)
		qsort(s->line, s->n, sizeof(*s->line), by_place);
	for (size_t i = 0; i < s->n; i++)
		if (n && !by_place(&s->line[n - 1], &s->line[i])) {
			s->line[n - 1].count += s->line[i].count;
			free(s->line[i].file);
		} else {
			s->line[n++] = s->line[i];
		}
	s->n = n;
}

static bool is_wanted(const struct profiled_insn *i, const struct profile *p, const char *only)
{
	return i->mode == TALLY_HYPERVISOR && (!only || !strcmp(only, profile_function(p, i->mode, i->function)));
}

/* addr2line with these addresses as its input, which is at its beginning. NULL with errno. */
static FILE *ask(const char *elf, FILE *addresses, pid_t *pid)
{
	int fd[2];

	if (pipe(fd))
		return NULL;
	*pid = fork();
	if (!*pid) {
		dup2(fileno(addresses), STDIN_FILENO);
		dup2(fd[1], STDOUT_FILENO);
		close(fd[0]);
		close(fd[1]);
		execlp("addr2line", "addr2line", "-e", elf, (char *)NULL);
		_exit(127);
	}
	close(fd[1]);
	return *pid < 0 ? NULL : fdopen(fd[0], "r");
}

static bool read_answers(struct source_lines *s, FILE *f, const struct profiled_region *r, const struct profile *p,
			 const char *only)
{
	char *line = NULL;
	size_t room = 0;
	bool all = true;

	for (size_t i = 0; i < r->nr_insns && all; i++) {
		if (!is_wanted(&r->insn[i], p, only))
			continue;
		all = getline(&line, &room, f) > 0;
		if (all)
			add(s, line, r->insn[i].count);
	}
	free(line);
	return all;
}

bool source_lines_count(struct source_lines *s, const struct profiled_region *r, const struct profile *p, const char *elf,
			const char *only)
{
	FILE *addresses = tmpfile(), *f = NULL;
	int status = 0;
	pid_t pid = -1;
	bool all = false;

	*s = (struct source_lines){ 0 };
	for (size_t i = 0; addresses && i < r->nr_insns; i++)
		if (is_wanted(&r->insn[i], p, only))
			fprintf(addresses, "%" PRIx64 "\n", r->insn[i].at);
	if (addresses && !fflush(addresses) && !lseek(fileno(addresses), 0, SEEK_SET))
		f = ask(elf, addresses, &pid);
	if (f) {
		all = read_answers(s, f, r, p, only);
		fclose(f);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (addresses)
		fclose(addresses);
	join_lines(s);
	if (!all)
		say("addr2line, which is binutils', does not say where the hypervisor's code comes from");
	return all;
}

void source_lines_free(struct source_lines *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->line[i].file);
	free(s->line);
	*s = (struct source_lines){ 0 };
}
