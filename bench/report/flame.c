/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames are rectangles with their figures as a title, and with their names where these fit. */
#include "flame.h"

#include <math.h>
#include <stdlib.h>

#include "html.h"

#define WIDTH  960.
#define ROW    22
#define LETTER 6.8 /* width, at 12 high */

void flame_begin(const struct flame_graph *g, const char *label)
{
	fprintf(g->f, "<svg viewBox=\"0 0 %.0f %u\" role=\"img\" font-size=\"12\" fill=\"currentColor\" aria-label=\"", WIDTH,
		ROW * g->levels);
	html_text(g->f, label);
	fputs("\">\n", g->f);
}

void flame_frame(const struct flame_graph *g, unsigned level, const char *name, const char *colour, double at, double size)
{
	const double all = fmax(g->all, 1), x = at / all * WIDTH, w = size / all * WIDTH,
		     y = (double)ROW * (g->levels - 1. - level);
	const size_t fits = w > 3 * LETTER ? (size_t)((w - 6) / LETTER) : 0;

	fprintf(g->f, "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%d\" fill=\"%s\"><title>", x, y, fmax(w - 0.5, 0.3),
		ROW - 1, colour);
	html_text(g->f, name);
	fprintf(g->f, ": %.0f %s, %.2f %%</title></rect>\n", size, g->unit, 100 * size / all);
	if (fits) {
		char *shown = xfmt("%.*s", (int)fits, name);

		fprintf(g->f, "<text x=\"%.1f\" y=\"%.1f\" fill=\"#fff\" pointer-events=\"none\">", x + 3, y + 15);
		html_text(g->f, shown);
		fputs("</text>\n", g->f);
		free(shown);
	}
}

void flame_end(const struct flame_graph *g)
{
	fputs("</svg>", g->f);
}
