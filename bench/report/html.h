/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing HTML. What must hold: everything that comes from a run goes through html_text(), or a function here that calls it.
 */
#ifndef BENCH_HTML_H
#define BENCH_HTML_H

#include "util.h"

/* The beginning of a page, up to its style sheet: more of the head may follow, and </head>. "Penumbra: " stands before the title. */
void html_begin(FILE *f, const char *title);
/* Write `s` escaped, for text and for attribute values in double quotes. */
void html_text(FILE *f, const char *s);
/* A number as people read it: "5 234", "12.3", "0.031"; thin spaces between thousands. Returns `out`. */
const char *human_number(double v, char out[48]);
/* Write human_number(). */
void html_number(FILE *f, double v);
/* A right-aligned table cell with a number. */
void html_td(FILE *f, double v);
/* A table cell, or header cell with scope=row, with text. */
void html_td_text(FILE *f, const char *s);
void html_th_row(FILE *f, const char *s);
/* The beginning of a row whose first cell is a sentence. */
void html_tr_wide(FILE *f, const char *s);

/* Colour of the nth series, "#rrggbb": apart from each other on white and on black. */
const char *series_colour(unsigned nth);
/* The style sheet, a <style> element. */
void html_style(FILE *f);

#endif
