/* SPDX-License-Identifier: BSD-2-Clause */
/* Figures, tables and cards: what the report's sections are made of. */
#ifndef BENCH_REPORT_MARKUP_H
#define BENCH_REPORT_MARKUP_H

#include <stdio.h>

/*
 * A figure with its caption; svg is freed. NULL: the figure says that it could not be drawn. `label` is read to those who cannot
 * see it.
 */
void report_picture(FILE *f, char *svg, const char *label, const char *caption);
/* A picture whose key is text of the page: begun, its key's entries one by one, and ended with its caption. */
void report_picture_begin(FILE *f, char *svg, const char *label);
void report_key_begin(FILE *f);
void report_key(FILE *f, const char *colour, const char *text);
void report_key_end(FILE *f);
void report_picture_end(FILE *f, const char *caption);

/* Begin and end a table that scrolls in its own box. `head` is trusted HTML, the header row's cells. */
void table_begin(FILE *f, const char *head);
void table_end(FILE *f, const char *caption);
/* A card is a figure that catches the eye; cards stand in a <div class=cards> of the caller's. */
void report_card(FILE *f, const char *title, const char *value, const char *note);

/* A cell with a number, or one that says that it was not counted. */
void report_known(FILE *f, bool known, double v);

#endif
