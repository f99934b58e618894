/* SPDX-License-Identifier: BSD-2-Clause */
/* Pieces of the page that look the same in every section. Text that comes from a run is escaped here, heads of tables are our own. */
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "report_markup.h"

void report_picture_begin(FILE *f, char *svg, const char *label)
{
	fputs("<figure>", f);
	if (!svg) {
		fputs("<p class=soft>gnuplot could not draw this picture; the table has its figures.</p>", f);
		return;
	}
	fputs("<svg role=\"img\" aria-label=\"", f);
	html_text(f, label);
	fputs("\"", f);
	fputs(svg + strlen("<svg"), f);
	free(svg);
}

void report_picture_end(FILE *f, const char *caption)
{
	fputs("<figcaption>", f);
	html_text(f, caption);
	fputs("</figcaption></figure>\n", f);
}

void report_picture(FILE *f, char *svg, const char *label, const char *caption)
{
	report_picture_begin(f, svg, label);
	report_picture_end(f, caption);
}

void report_key_begin(FILE *f)
{
	fputs("<ul class=key>", f);
}

void report_key(FILE *f, const char *colour, const char *text)
{
	fprintf(f, "<li><i style=\"background:%s\"></i>", colour);
	html_text(f, text);
	fputs("</li>", f);
}

void report_key_end(FILE *f)
{
	fputs("</ul>", f);
}

void table_begin(FILE *f, const char *head)
{
	fprintf(f, "<div class=scroll tabindex=0><table><thead><tr>%s</tr></thead><tbody>\n", head);
}

void table_end(FILE *f, const char *caption)
{
	fputs("</tbody></table></div>\n", f);
	/* Not a <caption>: that would scroll with the table, half out of sight on a phone. */
	if (!caption)
		return;
	fputs("<p class=note>", f);
	html_text(f, caption);
	fputs("</p>\n", f);
}

void report_card(FILE *f, const char *title, const char *value, const char *note)
{
	fputs("<div class=card>", f);
	html_text(f, title);
	fputs("<b>", f);
	html_text(f, value);
	fputs("</b><span class=soft>", f);
	html_text(f, note);
	fputs("</span></div>", f);
}

void report_known(FILE *f, bool known, double v)
{
	if (known)
		html_td(f, v);
	else
		fputs("<td class=n><span class=soft>not counted</span></td>", f);
}
