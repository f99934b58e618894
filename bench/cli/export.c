/* SPDX-License-Identifier: BSD-2-Clause */
/* `penumbra export` and `penumbra history`: what runs have, for other programs and for a look back. */
#include <stdlib.h>

#include "commands.h"
#include "history.h"
#include "put_out.h"
#include "report.h"
#include "results.h"
#include "table.h"

static void tell_names(FILE *f, const struct tables *t)
{
	fputs("# The report's tables; --table NAME gives one, --all gives them all\n", f);
	for (unsigned i = 0; i < t->nr_tables; i++)
		fprintf(f, "%-32s %s\n", t->table[i].name, t->table[i].title);
}

/* In CSV and Markdown a table is told from the one before by its name in a line of its own; JSON has it inside. */
static void show_all(FILE *f, const struct tables *t, const char *format)
{
	bool json = *format == 'j';

	for (unsigned i = 0; i < t->nr_tables; i++) {
		fputs(!json ? i ? "\n# " : "# " : i ? "," : "[", f);
		if (!json)
			fprintf(f, "%s: %s\n\n", t->table[i].name, t->table[i].title);
		table_show(f, &t->table[i], format);
	}
	fputs(json ? "]\n" : "", f);
}

/* False after a message. */
static bool show(FILE *f, const struct tables *t, const struct options *o)
{
	const char *format = o->format ? o->format : table_formats[0];
	const struct table *table = o->table ? tables_find(t, o->table) : NULL;

	if (o->table && !table) {
		say("the report has no table \"%s\": without --table, export tells their names", o->table);
		return false;
	}
	if (table)
		table_show(f, table, format);
	else if (o->all)
		show_all(f, t, format);
	else
		tell_names(f, t);
	return true;
}

static int export_of(const struct options *o, const json_t *root, const json_t *modelled)
{
	size_t page_len, len;
	char *page = report_text(root, modelled, &page_len), *text = NULL;
	FILE *f = open_memstream(&text, &len);
	int ret = EXIT_FAILED;
	struct tables t;

	if (tables_read(&t, page, page_len)) {
		bool good = show(f, &t, o);

		fflush(f);
		ret = good ? put_out(o->output, text, len) : EXIT_FAILED;
		tables_free(&t);
	}
	fclose(f);
	free(text);
	free(page);
	return ret;
}

int cmd_export(const struct options *o, const struct paths *p)
{
	char *dir = path_run(p, o->run[0]);
	json_t *root = dir ? results_load(dir, false, NULL) : NULL, *modelled = NULL;
	int ret = EXIT_FAILED;

	if (root && !results_begun(root))
		say("%s was ended before it began: nothing in it was measured", dir);
	else if (root)
		ret = export_of(o, root, modelled = report_beside(dir));
	json_decref(modelled);
	json_decref(root);
	free(dir);
	return ret;
}

int cmd_history(const struct options *o, const struct paths *p)
{
	return history_show(o, p);
}
