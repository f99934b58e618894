/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine that is looked at, of a run that was modelled on several: chosen in the page, by itself. What is of one machine alone stands in an
 * element with its name in data-machine, and all others of these are hidden; without JavaScript, and on paper, all of them are shown.
 */
#include "report_parts.h"

/* That of which most is known; of those alike the last. */
static const char *first_shown(const struct dataset *d)
{
	const char *name, *best = NULL;
	unsigned least = MACHINE_KEYS;
	struct machine m;

	for (unsigned i = 0; (name = modelled_machine(d, i)); i++) {
		unsigned assumed = modelled_values(d, name, &m) ? machine_assumed(&m) : MACHINE_KEYS;

		if (!best || assumed <= least) {
			best = name;
			least = assumed;
		}
	}
	return best;
}

static void option(FILE *f, const char *name, const char *title, bool chosen)
{
	fputs("<option value=\"", f);
	html_text(f, name);
	fputs(chosen ? "\" selected>" : "\">", f);
	html_text(f, name);
	fputs(*title ? ": " : "", f);
	html_text(f, title);
	fputs("</option>", f);
}

void report_choice(FILE *f, const struct dataset *d)
{
	static const char script[] = "<script>'use strict';(() => {\n"
				     "const choice = document.querySelector('.choice'), list = choice.querySelector('select');\n"
				     "const show = () => { for (const e of document.querySelectorAll('[data-machine]'))\n"
				     "\te.classList.toggle('off', list.value !== '' && e.dataset.machine !== list.value); };\n"
				     "choice.hidden = false;\n"
				     "list.addEventListener('change', show);\n"
				     "document.addEventListener('DOMContentLoaded', show);\n"
				     "})();</script>\n";
	const char *name, *first = first_shown(d);
	struct machine m;

	if (!modelled_machine(d, 1))
		return;
	fputs("<div class=choice hidden><label>Machine: <select>", f);
	for (unsigned i = 0; (name = modelled_machine(d, i)); i++)
		option(f, name, modelled_values(d, name, &m) ? m.title : "", name == first);
	fputs("<option value=\"\">all of them</option></select></label></div>\n", f);
	fputs(script, f);
}

void report_machine_begin(FILE *f, const char *machine)
{
	fputs("<div data-machine=\"", f);
	html_text(f, machine);
	fputs("\">", f);
}

void report_machine_end(FILE *f)
{
	fputs("</div>\n", f);
}
