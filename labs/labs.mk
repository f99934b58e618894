# SPDX-License-Identifier: BSD-2-Clause
# What the teaching labs are judged with (bench/lab/): the oracle, the engines that broken ones are linked with, and how they are compiled, for
# labs/engine.mk. `make labs`; nothing else needs them. Included by Makefile.am, after explain/explain.mk.

# Engines of the tree's recipes whose objects those of a submission take the place of.
LABS_RECIPES := $(sort shadow2 $(shell sed -n 's/^recipe  *//p' $(srcdir)/labs/*/lab.def))
LABS_NEED = labs.config tests/oracle/liboracle.a $(LABS_RECIPES:%=tests/engine/libengine_%.a) $(EXPLAIN_SRCS:%=explain-obj/main/%.o) $(EXPLAIN_GUESTS)
labs: $(LABS_NEED)
.PHONY: labs

labs.config: Makefile $(srcdir)/labs/labs.mk
	$(AM_V_GEN)printf '%s = %s\n' LAB_CC '$(CC)' LAB_CFLAGS '-std=gnu11 -w $(CFLAGS) $(ENGINE_OPT) -D_GNU_SOURCE $(CPPFLAGS)' LAB_LDFLAGS '$(CFLAGS) $(LDFLAGS)' \
		LAB_LIBS '$(JANSSON_LIBS)' LAB_ROOMS '$(filter-out hv/host/bare,$(HV_FLOORS))' LAB_ALL '$(HOSTED_ENGINE_SRCS)' \
		LAB_EXPLAIN '$(EXPLAIN_SRCS:%=explain-obj/main/%.o) $(EXPLAIN_GUESTS)' >$@
clean-local: clean-labs
clean-labs:
	rm -rf labs.config lab-work
