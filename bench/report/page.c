/* SPDX-License-Identifier: BSD-2-Clause */
/* See page.h. */
#include "modelled.h"
#include "page.h"

char *page_text(page_fn *write, const json_t *root, const json_t *modelled, size_t *len)
{
	struct dataset d, m;
	char *html = NULL;
	FILE *f = open_memstream(&html, len);

	dataset_load(&d, root);
	if (modelled)
		dataset_load(&m, modelled);
	write(f, &d, modelled && !modelled_machine(&d, 0) && modelled_machine(&m, 0) ? &m : &d);
	fclose(f);
	if (modelled)
		dataset_free(&m);
	dataset_free(&d);
	return html;
}

void page_end(FILE *f)
{
	fputs("</main><footer class=soft>Made by penumbra " PN_VERSION
	      " from results.json beside this file; <code>penumbra report</code> makes it again.</footer></body></html>\n",
	      f);
}
