/* SPDX-License-Identifier: BSD-2-Clause */
/* How text is escaped, numbers are written for people, and series get their colours: html.h. */
#include <math.h>
#include <string.h>

#include "html.h"

void html_text(FILE *f, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '<': fputs("&lt;", f); break;
		case '>': fputs("&gt;", f); break;
		case '&': fputs("&amp;", f); break;
		case '"': fputs("&quot;", f); break;
		default:
			/* Control characters are no HTML. */
			fputc((unsigned char)*s < ' ' && *s != '\n' && *s != '\t' ? ' ' : *s, f);
		}
	}
}

void html_begin(FILE *f, const char *title)
{
	fputs("<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
	      "<meta name=viewport content=\"width=device-width,initial-scale=1\"><title>Penumbra: ",
	      f);
	html_text(f, title);
	fputs("</title>\n", f);
	html_style(f);
}

static void group_thousands(const char *digits, char *out)
{
	size_t n = strlen(digits);

	for (size_t i = 0; i < n; i++) {
		if (i && digits[i - 1] != '-' && (n - i) % 3 == 0) {
			memcpy(out, "\xe2\x80\xaf", 3); /* narrow no-break space */
			out += 3;
		}
		*out++ = digits[i];
	}
	*out = 0;
}

const char *human_number(double v, char out[48])
{
	char digits[32];
	double a = fabs(v);

	if (a != 0 && a < 0.1)
		snprintf(out, 48, "%.*f", (int)fmin(fmax(4, -floor(log10(a))), 12), v); /* what is not 0 does not look so */
	else if (a < 10 && v != floor(v))
		snprintf(out, 48, "%.2f", v);
	else if (a < 100 && v != floor(v))
		snprintf(out, 48, "%.1f", v);
	else {
		snprintf(digits, sizeof(digits), "%.0f", v);
		group_thousands(digits, out);
	}
	return out;
}

void html_number(FILE *f, double v)
{
	char text[48];

	fputs(human_number(v, text), f);
}

void html_td(FILE *f, double v)
{
	fputs("<td class=n>", f);
	html_number(f, v);
	fputs("</td>", f);
}

void html_td_text(FILE *f, const char *s)
{
	fputs("<td>", f);
	html_text(f, s);
	fputs("</td>", f);
}

void html_th_row(FILE *f, const char *s)
{
	fputs("<th scope=row>", f);
	html_text(f, s);
	fputs("</th>", f);
}

void html_tr_wide(FILE *f, const char *s)
{
	fputs("<tr><th scope=row class=wide>", f);
	html_text(f, s);
	fputs("</th>", f);
}

const char *series_colour(unsigned nth)
{
	static const char *const colour[] = { "#2f7ed8", "#d9730d", "#2a9d5c", "#8a8f98", "#9b5de5",
					      "#d1495b", "#0f9fb5", "#b08900", "#c2549d", "#5c7f2f" };

	return colour[nth % COUNT_OF(colour)];
}
