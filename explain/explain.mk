# SPDX-License-Identifier: BSD-2-Clause
# penumbra-explain-<recipe>: the engine hosted under one recipe, on a machine that writes down what happens, with the guests in it. Included by
# Makefile.am, after tests/engine/engine.mk, which has the rules of the engine's objects.

EXPLAIN_SRCS = explain/main.c explain/cpus.c explain/machine.c explain/record.c explain/state.c
EXPLAIN_FILES := $(shell sed -n 's/^OPERATION.[^,]*, *"\([^"]*\)".*/\1/p' $(srcdir)/workloads/explained.def)
EXPLAIN_FILE_ID = $(shell sed -n 's/^OPERATION.\([^,]*\), *"$(1)".*/\1/p' $(srcdir)/workloads/explained.def)
EXPLAIN_GUEST_SRCS = explain/guest/library.c explain/guest/mode.c workloads/lib/tables.c workloads/lib/params.c
EXPLAIN_CFLAGS = -I$(srcdir)/explain $(JANSSON_CFLAGS)
explain-obj/main/%.o: $(srcdir)/%
	$(TEST_CC_V) $(ENGINE_CC) $(EXPLAIN_CFLAGS) -c $< -o $@

# $(1) levels, $(2) bytes of a word, $(3) what its geometry is called besides, $(4) files. One object with one symbol for others: the forms' names are the
# same otherwise.
define explain_guests
explain-obj/$(1)$(3)/%.o: $$(srcdir)/%
	$$(TEST_CC_V) $$(CC) $$(AM_CFLAGS) $$(CFLAGS) $$(ENGINE_OPT) -fno-pie -I$$(srcdir)/explain -I$$(srcdir)/explain/guest \
		-I$$(srcdir)/workloads -I$$(srcdir)/workloads/lib -I$$(srcdir)/workloads/lib/x86_64 -I$$(srcdir)/workloads/lib/$(1)level$(3) -I$$(srcdir)/abi \
		-I$$(srcdir)/hv/base -DWORD_BYTES=$(2) -DEXPLAIN_GUEST=explain_guest_$(1)$(subst -,_,$(3)) \
		$$(if $$(filter workloads/%,$$*),-Dworkload_main=workload_$$(subst -,_,$$(notdir $$(basename $$*)))) \
		-MMD -MP -c $$< -o $$@
explain-obj/guests_$(1)$(3).o: $$(patsubst %,explain-obj/$(1)$(3)/%.o,$$(EXPLAIN_GUEST_SRCS) $(4:%=workloads/%.c))
	@mkdir -p $$(@D); $$(LD) -r -o $$@.all $$^ && $$(OBJCOPY) --keep-global-symbol=explain_guest_$(1)$(subst -,_,$(3)) $$@.all $$@ && rm -f $$@.all
EXPLAIN_GUESTS += explain-obj/guests_$(1)$(3).o
endef
# As workloads/guests.mk has it, some 32-bit workloads have a kernel half of 2 GiB.
$(eval $(call explain_guests,2,4,,$(filter-out $(GUEST_WINDOWS),$(EXPLAIN_FILES))))
$(eval $(call explain_guests,3,4,,$(filter-out $(GUEST_WINDOWS),$(EXPLAIN_FILES))))
$(eval $(call explain_guests,2,4,-windows,$(GUEST_WINDOWS)))
$(eval $(call explain_guests,3,4,-windows,$(GUEST_WINDOWS)))
$(eval $(call explain_guests,4,8,,$(EXPLAIN_FILES)))
$(eval $(call explain_guests,5,8,,$(EXPLAIN_FILES)))

# $(1) recipe
define explain_recipe
penumbra-explain-$(1): $$(call engine_objs,$(1),$$(HV_ENGINE_SRCS)) $$(call engine_objs,all,$$(ENGINE_HOST_SRCS)) \
		$$(EXPLAIN_SRCS:%=explain-obj/main/%.o) $$(EXPLAIN_GUESTS)
	$$(TEST_LD_V) $$(CC) $$(CFLAGS) $$(LDFLAGS) -no-pie -o $$@ $$^ $$(JANSSON_LIBS)
endef
$(foreach r,$(RECIPES_SHADOW),$(eval $(call explain_recipe,$(r))))

# Those of the base recipes are built and installed with all else; a variant's is built when it is named.
EXPLAINERS = $(RECIPES_BASE:%=penumbra-explain-%)
EXPLAIN_VARIANTS = $(RECIPES_VARIANT:%=penumbra-explain-%)
all-local: $(EXPLAINERS)
explainers: $(EXPLAINERS) explain.html
all-local: explain.html
explain.html: $(srcdir)/bench/explain/explain.html
	$(AM_V_GEN)cp $< $@
.PHONY: explainers
# penumbra-engine-<recipe>, penumbra-engine-mix-<recipe>: the same guests, and the oracle's programs, at native speed, nothing written down; compiled
# as the hypervisor is, with -O2. Built when they are named: `./penumbra bench-engine` does.
NATIVE_CC = $(ENGINE_CC) $(EXPLAIN_CFLAGS) -O2
NATIVE_CALLERS = explain/machine.c explain/engine_mix.c $(filter-out tests/oracle/oracle.c tests/oracle/shrink.c,$(ORACLE_SRCS))
native_objs = $(addprefix native-obj/$(1)/,$(addsuffix .o,$(2)))
native-obj/all/%.o: $(srcdir)/%
	$(TEST_CC_V) $(NATIVE_CC) -c $< -o $@
native-obj/calls/%.o: $(srcdir)/%
	$(TEST_CC_V) $(NATIVE_CC) -include $(srcdir)/explain/engine_calls.h -c $< -o $@
NATIVE_ALL = $(call native_objs,all,explain/engine_main.c explain/engine_count.c $(ENGINE_HOST_SRCS))
NATIVE_GUESTS = $(call native_objs,all,explain/cpus.c explain/engine_guests.c explain/state.c) native-obj/calls/explain/machine.c.o
NATIVE_MIX = $(call native_objs,calls,$(filter-out explain/machine.c,$(NATIVE_CALLERS)))
# $(1) recipe
define native_recipe
native-obj/$(1)/%.o: %
	$$(TEST_CC_V) $$(NATIVE_CC) -DRECIPE_HEADER='"$(1).h"' -c $$< -o $$@
penumbra-engine-$(1): $$(call native_objs,$(1),$$(HV_ENGINE_SRCS)) $$(NATIVE_ALL) $$(NATIVE_GUESTS) $$(EXPLAIN_GUESTS)
	$$(TEST_LD_V) $$(CC) $$(CFLAGS) $$(LDFLAGS) -no-pie -o $$@ $$^ $$(JANSSON_LIBS)
penumbra-engine-mix-$(1): $$(call native_objs,$(1),$$(HOSTED_ENGINE_SRCS)) $$(NATIVE_ALL) $$(NATIVE_MIX)
	$$(TEST_LD_V) $$(CC) $$(CFLAGS) $$(LDFLAGS) -no-pie -o $$@ $$^ $$(JANSSON_LIBS)
endef
$(foreach r,$(RECIPES_SHADOW),$(eval $(call native_recipe,$(r))))
engines: $(RECIPES_BASE:%=penumbra-engine-%) $(RECIPES_BASE:%=penumbra-engine-mix-%)
.PHONY: engines

clean-local: clean-explain
clean-explain:
	rm -rf explain-obj native-obj explain.html $(EXPLAINERS) $(EXPLAIN_VARIANTS)
	rm -f $(RECIPES_SHADOW:%=penumbra-engine-%) $(RECIPES_SHADOW:%=penumbra-engine-mix-%)
-include $(wildcard explain-obj/*/*/*.d explain-obj/*/*/*/*.d native-obj/*/*/*.d native-obj/*/*/*/*.d native-obj/*/*/*/*/*.d)
