/* SPDX-License-Identifier: BSD-2-Clause */
/* As a page: a flame graph of each region, exact and not of samples, and the table of functions. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "flame.h"
#include "html.h"
#include "report_markup.h"
#include "show_profile.h"

#define ROWS     60
#define NARROW   0.0004 /* of the width: what is less is not drawn */
#define ALL_GREY "#3a424d"

static unsigned levels_of(const struct profiled_region *r)
{
	unsigned most = 0;

	for (size_t i = 0; i < r->nr_nodes; i++) {
		unsigned level = 2;

		for (int up = r->node[i].parent; up >= 0; up = r->node[up].parent)
			level++;
		most = level > most ? level : most;
	}
	return most + 1;
}

/* A function has its colour wherever it stands; the guest's are grey. */
static const char *colour_of(const struct profiled_node *k)
{
	const unsigned n = (unsigned)(k->function + 1) % 9;

	return k->mode == TALLY_GUEST ? "#5b6470" : series_colour(n < 3 ? n : n + 1);
}

/* The nodes below `parent` of that mode, the greatest first, from `at` on. */
static void put_nodes(const struct flame_graph *g, const struct profile_view *v, const struct profiled_region *r, int parent,
		      enum tally_mode mode, unsigned level, double at)
{
	bool *done = xcalloc(r->nr_nodes + 1, sizeof(*done));

	for (;;) {
		size_t best = r->nr_nodes;

		for (size_t i = parent < 0 ? 0 : (size_t)parent + 1; i < r->nr_nodes; i++)
			if (!done[i] && r->node[i].parent == parent && r->node[i].mode == mode && r->node[i].all &&
			    (best == r->nr_nodes || r->node[i].all > r->node[best].all))
				best = i;
		if (best == r->nr_nodes || (double)r->node[best].all < g->all * NARROW)
			break;
		done[best] = true;
		flame_frame(g, level, profile_function(v->p, mode, r->node[best].function), colour_of(&r->node[best]), at,
			    (double)r->node[best].all);
		put_nodes(g, v, r, (int)best, mode, level + 1, at);
		at += (double)r->node[best].all;
	}
	free(done);
}

static void put_flame(FILE *f, const struct profile_view *v, const struct profiled_region *r)
{
	const double hypervisor = (double)r->executed[TALLY_HYPERVISOR], guest = (double)r->executed[TALLY_GUEST];
	const struct flame_graph g = { f, levels_of(r), hypervisor + guest, "instructions" };

	fputs("<figure>", f);
	flame_begin(&g, "Instructions by function and by what called it");
	flame_frame(&g, 0, "all", ALL_GREY, 0, hypervisor + guest);
	flame_frame(&g, 1, "hypervisor", ALL_GREY, 0, hypervisor);
	flame_frame(&g, 1, "guest", "#5b6470", hypervisor, guest);
	put_nodes(&g, v, r, -1, TALLY_HYPERVISOR, 2, 0);
	put_nodes(&g, v, r, -1, TALLY_GUEST, 2, hypervisor);
	flame_end(&g);
	report_picture_end(
		f, "Flame graph of all instructions: what is called stands on what calls it, the hypervisor's on the left, the "
		   "guest's in grey. Width is instructions, each counted.");
}

static void put_table(FILE *f, const struct profile_view *v, const struct profiled_region *r)
{
	size_t n;
	struct profiled_share *s = profile_shares(r, v->p, &n);
	const double all = (double)(r->executed[TALLY_HYPERVISOR] + r->executed[TALLY_GUEST]), ops = r->ops ? (double)r->ops : 1;

	table_begin(
		f,
		"<th scope=col>function</th><th scope=col>of</th><th scope=col>instructions<br><small>an operation</small></th>"
		"<th scope=col>with what it calls</th><th scope=col>share<br><small>%</small></th><th scope=col>samples</th>");
	for (size_t i = 0; i < n && i < ROWS; i++) {
		fputs("<tr>", f);
		html_th_row(f, profile_function(v->p, s[i].mode, s[i].function));
		html_td_text(f, v->p->object[s[i].mode]);
		html_td(f, (double)s[i].self / ops);
		html_td(f, (double)s[i].all / ops);
		html_td(f, all > 0 ? 100 * (double)s[i].self / all : 0);
		html_td(f, (double)s[i].samples);
		fputs("</tr>\n", f);
	}
	table_end(f, NULL);
	free(s);
}

bool profile_show_page(FILE *f, const struct profile_view *v)
{
	html_begin(f, "profile");
	fputs("<style>figure{margin:1rem 0;overflow-x:auto}figure "
	      "svg{max-width:none;width:100%;min-width:600px}</style>\n</head><body>\n<header><h1>Where the "
	      "instructions go</h1><p class=soft>Counted in QEMU, each to the last one.</p></header>\n<main>\n",
	      f);
	for (size_t i = 0; i < v->p->nr_regions; i++) {
		char *title;

		if (!profile_wanted(v, &v->p->region[i]))
			continue;
		title = profile_title(v, &v->p->region[i]);
		fputs("<section><h2>", f);
		html_text(f, title);
		fputs("</h2>\n", f);
		put_flame(f, v, &v->p->region[i]);
		put_table(f, v, &v->p->region[i]);
		fputs("</section>\n", f);
		free(title);
	}
	fputs("</main></body></html>\n", f);
	return true;
}
