# SPDX-License-Identifier: BSD-2-Clause
# The engine hosted, once a shadow recipe of policies/recipes.def: a library of it, its common tests and its oracle, and for
# variants the tests of their parts. Included by Makefile.am; GNU make. For a recipe <r>: tests/engine/libengine_<r>.a,
# tests/engine/suites/<suite>_<r>, tests/oracle/oracle_<r>; and tests/engine/one/<name>, of one recipe each.

# Many engines are compiled, and each runs for seconds: -O1 takes two thirds of the time of -O2, and its tests are hardly slower; and so it
# is with -g1, lines and functions, to -g.
ENGINE_OPT = -O1 $(HV_DEBUG)
ENGINE_CFLAGS = $(AM_CFLAGS) $(CFLAGS) $(ENGINE_OPT) $(CHECK_CFLAGS) $(ENGINE_CPPFLAGS) $(CPPFLAGS)
ENGINE_CC = $(CC) $(ENGINE_CFLAGS) -MMD -MP
engine_objs = $(addprefix engine-obj/$(1)/,$(addsuffix .o,$(2)))

ENGINE_LIB_SRCS = $(ENGINE_HOST_SRCS) tests/engine/guest.c
ORACLE_SRCS = tests/oracle/oracle.c tests/oracle/gen.c tests/oracle/judge.c tests/oracle/machine.c tests/oracle/manage.c tests/oracle/pick.c tests/oracle/prog.c tests/oracle/ref.c \
	tests/oracle/run.c tests/oracle/shrink.c
# Check suites: some for the recipes that are named below, all others under every recipe.
ENGINE_SOME = parts exchange super
ENGINE_SUITES := $(filter-out $(ENGINE_SOME),$(patsubst $(srcdir)/tests/engine/suites/%.c,%,$(wildcard $(srcdir)/tests/engine/suites/*.c)))
# Recipes with superpage entries.
RECIPES_SUPER := $(shell cd $(srcdir)/policies && sed -n 's/^VARIANT.\([^,]*\),.* super, *\(direct\|few_writers\),.*/\1/p' recipes.def && \
	grep -lE '^.include "parts/super_(direct|few_writers).h"' *.h | sed 's/\.h$$//')
# Recipes that tests/engine/suites/exchange.c has a row for.
RECIPES_EXCHANGE := $(shell cd $(srcdir) && sed -n 's/^[A-Z]*.\([^,]*\), *"\([^"]*\)", .*/\1 \2/p' policies/recipes.def | \
	while read -r file name; do ! grep -qF "{ \"$$name\"," tests/engine/suites/exchange.c || echo $$file; done)
# Each day four of the variants are tested, and some of the recipes, not their variants, with ThreadSanitizer. tests/engine/variants and
# tests/engine/tsan name them, for scripts: what is run is what was built, whatever the clock says by then.
DAYS_VARIANTS := $(shell sh $(srcdir)/tests/day.sh 4 $(RECIPES_VARIANT))
DAYS_TSAN := $(shell sh $(srcdir)/tests/day.sh 3 $(RECIPES_BASE))
DAYS_RECIPES = $(RECIPES_BASE) $(DAYS_VARIANTS)
DAYS_LISTS = tests/engine/variants tests/engine/tsan
tests/engine/variants: DAYS = $(DAYS_VARIANTS)
tests/engine/tsan: DAYS = $(DAYS_TSAN)
$(DAYS_LISTS): FORCE
	@mkdir -p $(@D); printf '%s\n' $(DAYS) >$@
FORCE:
.PHONY: FORCE
# Engines that seeded bugs are put into.
RECIPES_BUGS := $(shell sed -n 's/^recipe  *//p' $(srcdir)/tests/oracle/bugs.list | sort -u)
ENGINE_TESTS = tests/engine/path tests/oracle/liboracle.a $(foreach t,$(ENGINE_SUITES),$(DAYS_RECIPES:%=tests/engine/suites/$(t)_%)) \
	$(DAYS_RECIPES:%=tests/oracle/oracle_%) $(RECIPES_HYBRID:%=tests/oracle/oracle_%) $(DAYS_VARIANTS:%=tests/engine/suites/parts_%) $(RECIPES_SUPER:%=tests/engine/suites/super_%) \
	$(filter $(DAYS_RECIPES:%=tests/engine/suites/exchange_%),$(RECIPES_EXCHANGE:%=tests/engine/suites/exchange_%)) \
	$(RECIPES_BASE:%=tests/oracle/lockstep_%) $(DAYS_TSAN:%=tests/engine/suites/tsan_%) $(GROWTH_RECIPES:%=tests/engine/growth_%) \
	$(RECIPES_BUGS:%=tests/engine/libengine_%.a)
ENGINE_TSAN = -fsanitize=thread --param tsan-distinguish-volatile=1

# What does not ask the recipe is compiled once.
engine-obj/all/%.o: $(srcdir)/%
	$(TEST_CC_V) $(ENGINE_CC) -c $< -o $@

# The oracle itself, main() included; tests/oracle/bugs.sh links it with engines that have faults.
tests/oracle/liboracle.a: $(call engine_objs,all,$(ORACLE_SRCS))
	@mkdir -p $(@D); rm -f $@; $(AR) cr $@ $^

# $(1) recipe, $(2) its sources, $(3) as for hv_recipe
define engine_recipe
engine-obj/$(1)/%.o: %
	$$(TEST_CC_V) $$(ENGINE_CC) -DRECIPE_HEADER='"$(1).h"' $$(call $(3),$$*) -c $$< -o $$@
tests/engine/libengine_$(1).a: $$(call engine_objs,$(1),$(2)) $$(call engine_objs,all,$$(ENGINE_LIB_SRCS))
	@mkdir -p $$(@D); rm -f $$@; $$(AR) cr $$@ $$^
tests/oracle/oracle_$(1): tests/oracle/liboracle.a tests/engine/libengine_$(1).a
	$$(TEST_LD_V) $$(CC) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$^
endef
$(foreach r,$(RECIPES_SHADOW),$(eval $(call engine_recipe,$(r),$$(HOSTED_ENGINE_SRCS))))
$(foreach r,$(RECIPES_HYBRID),$(eval $(call engine_recipe,$(r),$$(HOSTED_ENGINE_SRCS) $$(HV_HYBRID_NESTED) $$(HV_HYBRID_SRCS),paging_half)) \
	$(eval $$(call engine_objs,$(r),$$(HOSTED_ENGINE_SRCS) $$(HV_HYBRID_NESTED)): $$(HALVES)))

# $(1) recipe, $(2) suite, $(3) the recipe, if the suite is compiled with it, as one that looks into its parts' books; or all
define engine_suite
tests/engine/suites/$(2)_$(1): $$(call engine_objs,$(3),tests/engine/suites/$(2).c) tests/engine/libengine_$(1).a
	$$(TEST_LD_V) $$(CC) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$^ $$(CHECK_LIBS)
endef
$(foreach r,$(RECIPES_SHADOW),$(foreach t,$(ENGINE_SUITES),$(eval $(call engine_suite,$(r),$(t),all))))
$(foreach r,$(RECIPES_VARIANT),$(eval $(call engine_suite,$(r),parts,all)))
$(foreach r,$(RECIPES_EXCHANGE),$(eval $(call engine_suite,$(r),exchange,all)))
$(foreach r,$(RECIPES_SUPER),$(eval $(call engine_suite,$(r),super,$(r))))

# Tests of one recipe: that of their name (of nested paging, what begins with it), or shadow2. They are compiled with it, and may look into its parts' books.
ENGINE_ONE := $(patsubst $(srcdir)/%.c,%,$(wildcard $(srcdir)/tests/engine/one/*.c))
one_recipe = $(or $(filter $(1),$(RECIPES_SHADOW)),shadow2)
define engine_one
tests/engine/one/$(1): $$(call engine_objs,$(2),tests/engine/one/$(1).c) $(3)
	$$(TEST_LD_V) $$(CC) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$^ $$(CHECK_LIBS)
endef
ENGINE_ONE_NESTED := $(filter $(RECIPES_NESTED) $(addsuffix _%,$(RECIPES_NESTED)),$(notdir $(ENGINE_ONE)))
$(foreach t,$(filter-out $(ENGINE_ONE_NESTED),$(notdir $(ENGINE_ONE))),$(eval $(call engine_one,$(t),$(call one_recipe,$(t)), \
	tests/engine/libengine_$(call one_recipe,$(t)).a)))
$(foreach t,$(ENGINE_ONE_NESTED),$(eval $(call engine_one,$(t),all, \
	$(call engine_objs,all,$(call nested_srcs,$(firstword $(subst _, ,$(t)))) $(ENGINE_HOST_SRCS)))))
$(eval $(call test_log,$(ENGINE_ONE)))
TESTS += $(ENGINE_ONE)

# The oracle of a recipe's short ways: the template twice, with them and without (tests/oracle/lockstep.c). tests/oracle/lockstep_<recipe>.
LOCKSTEP_PAIRS = $(PAIRS_IMAGES) $(PAIRS_HOSTED)
recipes/plain-%.h: $(srcdir)/policies/%.h
	@mkdir -p $(@D); sed 's,parts/ways_short,parts/ways_plain,' $< >$@
# $(1) recipe
define lockstep_recipe
engine-obj/plain-$(1)/%.o: % recipes/plain-$(1).h
	$$(TEST_CC_V) $$(ENGINE_CC) -DRECIPE_HEADER='"plain-$(1).h"' -MT $$@ -c $$< -o $$@.short && \
	$$(OBJCOPY) --redefine-sym $$(*F:multi_%.c=sh_mode_%)=$$(*F:multi_%.c=plain_mode_%) $$@.short $$@
tests/oracle/lockstep_$(1): $$(call engine_objs,all,tests/oracle/lockstep.c) tests/oracle/liboracle.a $$(call engine_objs,plain-$(1),$$(LOCKSTEP_PAIRS)) tests/engine/libengine_$(1).a
	$$(TEST_LD_V) $$(CC) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$(filter %.o %.a,$$^) tests/oracle/liboracle.a tests/engine/libengine_$(1).a
endef
$(foreach r,$(RECIPES_BASE),$(eval $(call lockstep_recipe,$(r))))

# The plain engine of shadow3 with every call told, for tests/engine/path.sh. Addresses are those of the file, for addr2line.
PATH_SRCS = $(HOSTED_ENGINE_SRCS) $(HV_PAGING_SRCS)
engine-obj/told/%.o: % recipes/plain-shadow3.h
	$(TEST_CC_V) $(ENGINE_CC) -O0 -finstrument-functions -DRECIPE_HEADER='"plain-shadow3.h"' -c $< -o $@
tests/engine/path: $(call engine_objs,told,$(PATH_SRCS)) $(call engine_objs,all,tests/engine/path.c tests/engine/guest.c $(filter-out $(HV_PAGING_SRCS),$(ENGINE_HOST_SRCS)))
	$(TEST_LD_V) $(CC) $(CFLAGS) $(LDFLAGS) -no-pie -o $@ $^

# An engine that counts its steps, for tests/engine/growth.c: tests/engine/growth_<recipe>. What it is linked with besides, it hardly enters.
GROWTH_RECIPES = shadow3 kvm adaptive
GROWTH_SRCS = $(filter-out pairs/%,$(ENGINE_CORE_SRCS)) pairs/multi_4on4.c $(HV_PAGING_SRCS)
# $(1) recipe
define engine_growth
engine-obj/counted-$(1)/%.o: %
	$$(TEST_CC_V) $$(ENGINE_CC) -fsanitize-coverage=trace-pc -DRECIPE_HEADER='"$(1).h"' -c $$< -o $$@
tests/engine/growth_$(1): $$(call engine_objs,all,tests/engine/growth.c) $$(call engine_objs,counted-$(1),$$(GROWTH_SRCS)) tests/engine/libengine_$(1).a
	$$(TEST_LD_V) $$(CC) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$^ $$(CHECK_LIBS) -lm
endef
$(foreach r,$(GROWTH_RECIPES),$(eval $(call engine_growth,$(r))))
ENGINE_GROWTH = $(GROWTH_RECIPES:%=tests/engine/growth_%)
$(eval $(call test_log,$(ENGINE_GROWTH)))
TESTS += $(ENGINE_GROWTH)

# On demand: needs clang with libFuzzer (libclang-rt-dev). FUZZ_RECIPE chooses.
FUZZ_RECIPE = shadow2
fuzz-oracle: tests/oracle/fuzz.c $(filter-out tests/oracle/oracle.c tests/oracle/shrink.c,$(ORACLE_SRCS)) $(HOSTED_ENGINE_SRCS) $(ENGINE_HOST_SRCS)
	clang -std=gnu11 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined $(ENGINE_CPPFLAGS) \
		-DRECIPE_HEADER='"$(FUZZ_RECIPE).h"' -o tests/oracle/fuzz $^
.PHONY: fuzz-oracle

# $(1) recipe
define engine_tsan
engine-obj/tsan-$(1)/%.o: %
	$$(TEST_CC_V) $$(ENGINE_CC) $$(ENGINE_TSAN) -DRECIPE_HEADER='"$(1).h"' -c $$< -o $$@
tests/engine/suites/tsan_$(1): $$(call engine_objs,tsan-$(1),$$(HOSTED_ENGINE_SRCS) $$(ENGINE_LIB_SRCS) tests/engine/suites/threads.c tests/engine/tsan_volatile.c)
	$$(TEST_LD_V) $$(CC) $$(CFLAGS) -fsanitize=thread $$(LDFLAGS) -o $$@ $$^ $$(CHECK_LIBS)
endef
$(foreach r,$(DAYS_TSAN),$(eval $(call engine_tsan,$(r))))

clean-local: clean-engine
clean-engine:
	rm -rf engine-obj tests/oracle/fuzz tests/oracle/liboracle.a $(DAYS_LISTS) $(ENGINE_TESTS) $(ENGINE_ONE) $(RECIPES_SHADOW:%=tests/engine/libengine_%.a)
	rm -f $(foreach t,$(ENGINE_SUITES) parts exchange,$(RECIPES_VARIANT:%=tests/engine/suites/$(t)_%)) $(RECIPES_VARIANT:%=tests/oracle/oracle_%)
	rm -f $(RECIPES_BASE:%=tests/engine/suites/tsan_%)
-include $(wildcard engine-obj/*/*/*.d engine-obj/*/*/*/*.d engine-obj/*/*/*/*/*.d)
