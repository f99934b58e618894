/* SPDX-License-Identifier: BSD-2-Clause */
/* One run's results into another's. */
#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>

#include "gather.h"
#include "resume.h"

/* nftw() has no argument for them. */
static const char *from_dir, *to_dir;
static bool lost;

/* Files keep their place below the run's directory; their names are those of boots, of which the whole run has each once. */
static int move_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	char *to = xfmt("%s%s", to_dir, path + strlen(from_dir));

	if (type == FTW_D)
		lost |= make_dirs(to) != 0;
	else if (where->level > 1 && rename(path, to)) {
		say("%s could not be moved to %s: %s", path, to, strerror(errno));
		lost = true;
	}
	free(to);
	return 0;
}

static bool move_files(const char *from, const char *to)
{
	from_dir = from;
	to_dir = to;
	lost = false;
	nftw(from, move_one, 16, FTW_PHYS);
	return !lost;
}

static void take_items(struct results *res, const json_t *items, void (*each)(void *arg, const json_t *item), void *arg)
{
	json_t *item;
	size_t i;

	json_array_foreach(items, i, item) {
		json_t *mine = results_item(res, json_text(item, "recipe"), json_text(item, "workload"),
					    (unsigned)json_integer_value(json_object_get(item, "repetition")),
					    json_is_true(json_object_get(item, "traced")));

		/* An end is never changed: who has one already keeps it. */
		if (item_runs(item) || !item_runs(mine))
			continue;
		json_object_update(mine, item);
		if (each)
			each(arg, mine);
	}
}

static void take_list(json_t *to, const json_t *from)
{
	json_t *entry;
	size_t i;

	json_array_foreach(from, i, entry) {
		json_array_append(to, entry);
	}
}

bool gather(struct results *res, const char *dir, void (*each)(void *arg, const json_t *item), void *arg)
{
	json_t *root = file_exists(dir) ? results_load(dir, false, NULL) : NULL;
	bool good = root && results_begun(root) &&
		    machine_same(json_object_get(res->root, "machine"), json_object_get(root, "machine"), true);

	if (good) {
		take_items(res, json_object_get(root, "items"), each, arg);
		take_list(res->traces, json_object_get(root, "traces"));
		take_list(res->boots, json_object_get(root, "boots"));
		good = move_files(dir, res->dir) && json_is_true(json_object_get(root, "complete"));
	}
	if (root)
		remove_tree(dir);
	json_decref(root);
	return good;
}
