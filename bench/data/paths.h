/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where things lie: what the build made, and where results go. No path is
 * compiled in except the installation's own data directory.
 */
#ifndef BENCH_PATHS_H
#define BENCH_PATHS_H

#include "catalog.h"

struct paths {
	char *build;   /* directory of the images */
	char *results; /* directory that holds one directory a run */
	char *root;    /* of the source tree, for the commit; may be NULL */
};

/*
 * build: --build, else $PENUMBRA_BUILD, else the directory of this program, or the installed data
 * directory if that has no images. results: --results, else $PENUMBRA_RESULTS, else ./results.
 */
void paths_find(struct paths *p, const char *build, const char *results);
void paths_free(struct paths *p);

/* All return a new string; the caller frees it. */
char *path_hypervisor(const struct paths *p, const struct recipe *r);
/* The program that explains the recipe: in the build directory, else where `make install` puts it, which is beside where this program is. */
char *path_explainer(const struct paths *p, const struct recipe *r);
/* babeltrace2's plugin, which reads traces. */
char *path_trace_plugin(const struct paths *p);
char *path_explain_page(const struct paths *p);
char *path_dom0_kernel(const struct paths *p);
/* What a peer's machine boots: its hypervisor (NULL: it is the kernel itself), its host's kernel and initramfs. */
char *path_peer_hypervisor(const struct paths *p, const struct recipe *r);
char *path_peer_kernel(const struct paths *p, const struct recipe *r);
char *path_peer_initrd(const struct paths *p, const struct recipe *r);
char *path_dom0_initrd(const struct paths *p);
char *path_script_base(const struct paths *p); /* the initramfs of guests that run a script, but for that */
char *path_guest_image(const struct paths *p, const struct workload *w);
/* NULL: the workload has none. */
char *path_guest_initrd(const struct paths *p, const struct workload *w);
char *path_guest_disk(const struct paths *p, const struct workload *w); /* NULL: it has none */
/* Their names among the images of a suite: no two files have the same. */
char *guest_image_name(const struct workload *w);
char *guest_initrd_name(const struct workload *w);
char *guest_disk_name(const struct workload *w); /* NULL: it has none */

/* A directory is a run's if it has results or, of one that was killed early, a journal. */
bool path_holds_run(const char *dir);
/* A run's directory: `run` is one, or a name in the results directory; NULL: the newest there, or NULL after a message. */
char *path_run(const struct paths *p, const char *run);

/*
 * Why a guest cannot be run here although the build is whole: its Debian packages could not be had. NULL: no such reason. The
 * caller frees it. dom0/optional.sh leaves an empty file in the place of what it could not make.
 */
char *guest_unavailable(const struct paths *p, const struct workload *w);
/* The same of a recipe that is a peer. */
char *peer_unavailable(const struct paths *p, const struct recipe *r);

/* Say of one artefact that it is missing and what makes it. True if it is there. */
bool artefact_there(const char *path, const char *what, bool may_be_empty);

#endif
