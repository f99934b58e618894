/* SPDX-License-Identifier: BSD-2-Clause */
/* The comparison as a page, in the report's own style. */
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "item.h"
#include "report_markup.h"
#include "show_comparison.h"

static void put_head(FILE *f)
{
	char *head = NULL;
	size_t len;
	FILE *h = open_memstream(&head, &len);

	for (unsigned k = 0; k < COLUMNS; k++)
		fprintf(h, "<th scope=col>%s</th>", column_heads[k]);
	fclose(h);
	table_begin(f, head);
	free(head);
}

static void put_change(FILE *f, const struct change *k)
{
	const struct change_text t = change_text(k);

	fputs("<tr>", f);
	html_th_row(f, t.of[0]);
	for (unsigned i = 1; i < COLUMNS; i++) {
		if (i < COLUMN_before || i > COLUMN_by) {
			html_td_text(f, t.of[i]);
			continue;
		}
		fputs("<td class=n>", f);
		html_text(f, t.of[i]);
		fputs("</td>", f);
	}
	fputs("</tr>\n", f);
}

static void put_list(FILE *f, const struct comparison *c, enum outcome v)
{
	const struct change *k;

	if (!c->count[v])
		return;
	fprintf(f, "<section id=%s><h2>%s (%u)</h2>\n", outcome_names[v], outcome_titles[v], c->count[v]);
	put_head(f);
	for (unsigned n = 0; (k = comparison_nth(c, v, n)); n++)
		put_change(f, k);
	table_end(f, NULL);
	fputs("</section>\n", f);
}

static void put_lost(FILE *f, const struct comparison *c)
{
	if (!c->nr_lost)
		return;
	fprintf(f, "<section id=lost><h2>No longer finish (%u)</h2>\n", c->nr_lost);
	table_begin(f, "<th scope=col>recipe</th><th scope=col>workload</th><th scope=col>state</th><th scope=col>why</th>");
	for (unsigned i = 0; i < c->nr_lost; i++) {
		char *why = item_why(c->lost[i]);

		fputs("<tr>", f);
		html_th_row(f, json_text(c->lost[i], "recipe"));
		html_td_text(f, json_text(c->lost[i], "workload"));
		html_td_text(f, json_text(c->lost[i], "state"));
		html_td_text(f, why);
		fputs("</tr>\n", f);
		free(why);
	}
	table_end(f, NULL);
	fputs("</section>\n", f);
}

static void put_summary(FILE *f, const struct comparison *c)
{
	char *summary = comparison_summary(c);

	fputs("<section id=summary>\n", f);
	for (char *line = strtok(summary, "\n"); line; line = strtok(NULL, "\n")) {
		fputs("<p>", f);
		html_text(f, line);
		fputs("</p>\n", f);
	}
	fputs("</section>\n", f);
	free(summary);
}

void show_page(FILE *f, const struct comparison *c, unsigned most)
{
	static const enum outcome shown[] = { OUTCOME_WORSE, OUTCOME_BETTER, OUTCOME_UNCLEAR, OUTCOME_WITHIN, OUTCOME_SAME };

	html_begin(f, "two runs");
	fputs("</head><body>\n<header><h1>What differs between two runs</h1></header>\n<main>\n", f);
	put_summary(f, c);
	put_lost(f, c);
	for (unsigned k = 0; k < COUNT_OF(shown); k++)
		put_list(f, c, shown[k]);
	fputs("</main></body></html>\n", f);
}
