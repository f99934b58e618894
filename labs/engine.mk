# SPDX-License-Identifier: BSD-2-Clause
# An engine with what a student handed in, as the oracle's and the explainer's programs. bench/lab/work.c runs it in the build directory:
#   TREE     sources: the tree, or a copy that has a file of the student's
#   OUT      where all of it goes; OUT/parts has the student's part, and the recipe that it is put into
#   RECIPE   header and recipe
#   LIBRARY  the tree's recipe, whose library gives what is not compiled
#   COMPILE  sources, the others being as they are built; or "all"
#   FORBID   a part of the path of headers that the student's may not include; or nothing
include labs.config

VPATH = $(TREE)
SRCS = $(if $(filter all,$(COMPILE)),$(LAB_ALL),$(COMPILE))
OBJS = $(SRCS:%=$(OUT)/obj/%.o)
LIB = tests/engine/libengine_$(LIBRARY).a

LOOK = if grep -o '[^ ]*$(FORBID)[^ ]*' $(@:.o=.d) >$@.found; then \
	echo " error: it includes $$(basename $$(head -n 1 $@.found)), but it is to do that part's work itself" >&2; exit 1; fi

programs: $(OUT)/oracle $(OUT)/explain
.PHONY: programs

$(OUT)/obj/%.o: %
	@mkdir -p $(@D)
	@$(LAB_CC) $(LAB_CFLAGS) -I$(OUT)/parts -I$(TREE) $(LAB_ROOMS:%=-I$(TREE)/%) -I$(TREE)/policies/parts -Irecipes -DRECIPE_HEADER='"$(RECIPE).h"' \
		-MMD -c $< -o $@
	@$(if $(FORBID),$(LOOK))
$(OUT)/oracle: $(OBJS)
	@$(LAB_CC) $(LAB_LDFLAGS) -o $@ $^ tests/oracle/liboracle.a $(LIB)
$(OUT)/explain: $(OBJS)
	@$(LAB_CC) $(LAB_LDFLAGS) -no-pie -o $@ $^ $(LAB_EXPLAIN) $(LIB) $(LAB_LIBS)
