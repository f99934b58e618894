/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables out of a page, by libxml2. */
#include <jansson.h>
#include <libxml/HTMLparser.h>
#include <libxml/xpath.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

const char *const table_formats[] = { "csv", "json", "markdown", NULL };

#define IS(node, what) ((node)->type == XML_ELEMENT_NODE && !strcmp((const char *)(node)->name, what))

/* A line's end separates words. */
static void break_lines(xmlNodePtr node)
{
	for (xmlNodePtr n = node->children; n; n = n->next) {
		break_lines(n);
		if (IS(n, "br"))
			xmlNodeAddContent(n, BAD_CAST "\n");
	}
}

/* Its text in one line: white space of any kind is one blank. The caller frees it. */
static char *text_of(xmlNodePtr node)
{
	xmlChar *content = xmlNodeGetContent(node);
	char *out = xcalloc(strlen((char *)content) + 1, 1), *to = out;

	for (const char *p = (const char *)content; *p; p++) {
		bool blank = *p == ' ' || *p == '\n' || *p == '\t';

		if (!blank)
			*to++ = *p;
		else if (to != out && to[-1] != ' ')
			*to++ = ' ';
	}
	while (to != out && to[-1] == ' ')
		to--;
	*to = 0;
	xmlFree(content);
	return out;
}

/* "5 234" without html_number()'s unbreakable spaces, if that is a number, else NULL: a plain blank separates two. The caller frees it. */
static char *number_of(const char *text)
{
	static const char *const spaces[] = { "\u2009", "\u202f", "\u00a0" };
	char *out = xcalloc(strlen(text) + 1, 1), *end, *to = out;

	for (const char *p = text; *p;) {
		size_t skip = 0;

		for (unsigned i = 0; i < COUNT_OF(spaces) && !skip; i++)
			skip = strncmp(p, spaces[i], strlen(spaces[i])) ? 0 : strlen(spaces[i]);
		if (skip)
			p += skip;
		else
			*to++ = *p++;
	}
	*to = 0;
	if (*out && strspn(out, "0123456789.-+e") == strlen(out)) {
		(void)strtod(out, &end);
		if (!*end)
			return out;
	}
	free(out);
	return NULL;
}

/* The nearest ancestor that has an id. */
static char *section_of(xmlNodePtr node)
{
	for (; node; node = node->parent) {
		xmlChar *id = node->type == XML_ELEMENT_NODE ? xmlGetProp(node, BAD_CAST "id") : NULL;
		char *copy = id ? xstrdup((char *)id) : NULL;

		xmlFree(id);
		if (copy)
			return copy;
	}
	return xstrdup("page");
}

static bool is_heading(xmlNodePtr n)
{
	return IS(n, "h1") || IS(n, "h2") || IS(n, "h3") || IS(n, "h4") || IS(n, "summary");
}

/* The last heading before it, among what stands before it or around it. */
static char *heading_of(xmlNodePtr node)
{
	for (; node; node = node->parent)
		for (xmlNodePtr before = node->prev; before; before = before->prev)
			if (is_heading(before))
				return text_of(before);
	return xstrdup("");
}

static void add(struct tables *t, xmlNodePtr node)
{
	char *section = section_of(node);
	unsigned nth = 1;
	struct table *k;

	for (unsigned i = 0; i < t->nr_tables; i++)
		nth += !strncmp(t->table[i].name, section, strlen(section)) && strchr(".", t->table[i].name[strlen(section)]);
	t->table = xrealloc(t->table, (t->nr_tables + 1) * sizeof(*t->table));
	k = &t->table[t->nr_tables++];
	k->name = nth == 1 ? xstrdup(section) : xfmt("%s.%u", section, nth);
	k->title = heading_of(node);
	k->node = node;
	free(section);
}

bool tables_read(struct tables *t, const char *page, size_t len)
{
	xmlXPathContextPtr context;
	xmlXPathObjectPtr found;

	*t = (struct tables){ .page = htmlReadMemory(page, (int)len, NULL, "UTF-8",
						     HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
							     HTML_PARSE_NONET) };
	if (!t->page) {
		say("the report's page cannot be read");
		return false;
	}
	break_lines((xmlNodePtr)t->page);
	context = xmlXPathNewContext(t->page);
	found = xmlXPathEvalExpression(BAD_CAST "//table", context);
	for (int i = 0; found && found->nodesetval && i < found->nodesetval->nodeNr; i++)
		add(t, found->nodesetval->nodeTab[i]);
	xmlXPathFreeObject(found);
	xmlXPathFreeContext(context);
	return true;
}

void tables_free(struct tables *t)
{
	for (unsigned i = 0; i < t->nr_tables; i++) {
		free(t->table[i].name);
		free(t->table[i].title);
	}
	free(t->table);
	xmlFreeDoc(t->page);
	memset(t, 0, sizeof(*t));
}

const struct table *tables_find(const struct tables *t, const char *name)
{
	for (unsigned i = 0; i < t->nr_tables; i++)
		if (!strcmp(t->table[i].name, name))
			return &t->table[i];
	return NULL;
}

/* A table's cells, row by row; the first row is the head. A cell that is wide is followed by empty ones. */
struct cells {
	unsigned nr_rows, nr_columns;
	struct cells_row {
		char **text;
		unsigned n;
	} * row;
};

static unsigned width_of(xmlNodePtr cell)
{
	xmlChar *span = xmlGetProp(cell, BAD_CAST "colspan");
	int n = span ? atoi((char *)span) : 1;

	xmlFree(span);
	return n < 1 ? 1 : n > 100 ? 100 : (unsigned)n;
}

static void add_row(struct cells *c, xmlNodePtr tr)
{
	struct cells_row *r;

	c->row = xrealloc(c->row, (c->nr_rows + 1) * sizeof(*c->row));
	r = &c->row[c->nr_rows++];
	*r = (struct cells_row){ 0 };
	for (xmlNodePtr cell = tr->children; cell; cell = cell->next) {
		if (!IS(cell, "td") && !IS(cell, "th"))
			continue;
		for (unsigned w = width_of(cell), i = 0; i < w; i++) {
			r->text = xrealloc(r->text, (r->n + 1) * sizeof(*r->text));
			r->text[r->n++] = i ? xstrdup("") : text_of(cell);
		}
	}
	if (r->n > c->nr_columns)
		c->nr_columns = r->n;
}

static void add_rows(struct cells *c, xmlNodePtr node)
{
	for (xmlNodePtr n = node->children; n; n = n->next) {
		if (IS(n, "tr"))
			add_row(c, n);
		else if (IS(n, "thead") || IS(n, "tbody") || IS(n, "tfoot"))
			add_rows(c, n);
	}
}

static void cells_free(struct cells *c)
{
	for (unsigned i = 0; i < c->nr_rows; i++) {
		for (unsigned k = 0; k < c->row[i].n; k++)
			free(c->row[i].text[k]);
		free(c->row[i].text);
	}
	free(c->row);
}

static const char *cell(const struct cells *c, unsigned row, unsigned column)
{
	return row < c->nr_rows && column < c->row[row].n ? c->row[row].text[column] : "";
}

/* RFC 4180: quoted where it has to be, quotes doubled. */
static void put_csv(FILE *f, const char *text)
{
	char *number = number_of(text);
	bool quote = !number && text[strcspn(text, ",\"\r\n")];

	fputs(quote ? "\"" : "", f);
	for (const char *p = number ? number : text; *p; p++)
		fprintf(f, quote && *p == '"' ? "\"\"" : "%c", *p);
	fputs(quote ? "\"" : "", f);
	free(number);
}

static void show_csv(FILE *f, const struct cells *c)
{
	for (unsigned i = 0; i < c->nr_rows; i++)
		for (unsigned k = 0; k < c->nr_columns; k++) {
			put_csv(f, cell(c, i, k));
			fputs(k + 1 < c->nr_columns ? "," : "\n", f);
		}
}

static void put_markdown(FILE *f, const char *text)
{
	for (; *text; text++)
		fprintf(f, *text == '|' ? "\\|" : "%c", *text);
}

static void show_markdown(FILE *f, const struct cells *c)
{
	for (unsigned i = 0; i < c->nr_rows; i++) {
		for (unsigned k = 0; k < c->nr_columns; k++) {
			fputs(k ? " | " : "| ", f);
			put_markdown(f, cell(c, i, k));
		}
		fputs(" |\n", f);
		for (unsigned k = 0; !i && k <= c->nr_columns; k++)
			fputs(k < c->nr_columns ? "| --- " : "|\n", f);
	}
}

static json_t *value_json(const char *text)
{
	char *number = number_of(text);
	json_t *j = number ? json_loads(number, JSON_DECODE_ANY, NULL) : NULL;

	free(number);
	return j ? j : json_string(text);
}

/* { "columns": [...], "rows": [[...], ...] }: heads need not be unique. */
static void show_json(FILE *f, const struct table *t, const struct cells *c)
{
	json_t *columns = json_array(), *rows = json_array(), *all;

	for (unsigned k = 0; k < c->nr_columns; k++)
		json_array_append_new(columns, json_string(cell(c, 0, k)));
	for (unsigned i = 1; i < c->nr_rows; i++) {
		json_t *row = json_array();

		for (unsigned k = 0; k < c->nr_columns; k++)
			json_array_append_new(row, value_json(cell(c, i, k)));
		json_array_append_new(rows, row);
	}
	all = json_pack("{s:s, s:s, s:o, s:o}", "table", t->name, "title", t->title, "columns", columns, "rows", rows);
	json_dumpf(all, f, JSON_INDENT(1));
	fputs("\n", f);
	json_decref(all);
}

void table_show(FILE *f, const struct table *t, const char *format)
{
	struct cells c = { 0 };

	add_rows(&c, t->node);
	if (!strcmp(format, "json"))
		show_json(f, t, &c);
	else if (!strcmp(format, "markdown"))
		show_markdown(f, &c);
	else
		show_csv(f, &c);
	cells_free(&c);
}
