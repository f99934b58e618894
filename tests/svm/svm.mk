# SPDX-License-Identifier: BSD-2-Clause
# hv/svm and what stands on it compiled into programs, with the address and undefined-behaviour sanitizers, for the machine
# of tests/svm/machine.h. Included by Makefile.am; GNU make. For a recipe <r> of HOSTED_RECIPES: tests/svm/svm_<r>, the suites, and
# tests/svm/fuzz_<r>.

HOSTED_RECIPES = shadow2 shadow2_clusters shadow3 adaptive npt hybrid
HOSTED_SUITES := $(shell sed -n 's/^SUITE.\(.*\).$$/\1/p' $(srcdir)/tests/svm/suites.def)
# Words are read where they lie, and a pointer is made before the look whether it may be used: both are meant (svm_code.h).
HOSTED_SANITIZE = -fsanitize=address,undefined -fno-sanitize=alignment,pointer-overflow -fno-sanitize-recover=undefined
# Addresses of frames are numbers here as there: what the images are compiled with, but for what needs no operating system.
HOSTED_CFLAGS = -std=gnu11 -O1 $(HV_DEBUG) $(PN_WARN) $(WERROR) -fomit-frame-pointer -fno-strict-aliasing -fno-delete-null-pointer-checks \
	-D_GNU_SOURCE -I$(srcdir) -I$(srcdir)/tests/svm/hosted $(HV_INCLUDES) -I$(srcdir)/hv/host/sim $(CHECK_CFLAGS) $(CPPFLAGS)
HOSTED_CC = $(CC) $(HOSTED_CFLAGS) $(HOSTED_EXTRA) -MMD -MP
HOSTED_SRCS = $(filter %.c,$(HV_SVM_SRCS)) $(HV_DOMAIN_SRCS) $(HV_LOAD_SRCS) $(HV_DEV_SRCS) $(HV_EMUL_SRCS) $(HV_TRACE_SRCS) \
	$(HV_PAGING_SRCS) hv/host/bare/wait.c hv/host/bare/memory_plan.c hv/host/sim/mmu.c
HOSTED_MACHINE_SRCS = tests/svm/machine.c tests/svm/insns.c tests/svm/svm_host.c tests/svm/exit.c tests/svm/stream.c tests/svm/quick.S
HOSTED_JUDGE_SRCS = tests/svm/fuzz_bytes.c tests/svm/fuzz_code.c tests/svm/fuzz_rules.c tests/svm/fuzz_values.c
HOSTED_SUITE_SRCS = tests/svm/suites.c $(HOSTED_JUDGE_SRCS) $(HOSTED_SUITES:%=tests/svm/suites/%.c)
HOSTED_FUZZ_SRCS = tests/svm/fuzz.c $(HOSTED_JUDGE_SRCS)
HOSTED_TESTS = $(HOSTED_RECIPES:%=tests/svm/svm_%) $(HOSTED_RECIPES:%=tests/svm/fuzz_%)
hosted_objs = $(addprefix hosted-obj/$(1)/,$(addsuffix .o,$(2)))

hosted-obj/all/%.o: $(srcdir)/%
	$(TEST_CC_V) $(HOSTED_CC) $(HOSTED_SANITIZE) -c $< -o $@

tests/svm/libhosted.a: $(call hosted_objs,all,$(HOSTED_SRCS) $(HOSTED_MACHINE_SRCS))
	@mkdir -p $(@D); rm -f $@; $(AR) cr $@ $^

# The two libraries need each other.
HOSTED_LINK = $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group

# $(1) recipe, $(2) its own sources, $(3) as for hv_recipe
define hosted_recipe
hosted-obj/$(1)/%.o: %
	$$(TEST_CC_V) $$(HOSTED_CC) $$(HOSTED_SANITIZE) -DRECIPE_HEADER='"$(1).h"' $$(call $(3),$$*) -c $$< -o $$@
tests/svm/libhosted_$(1).a: $$(call hosted_objs,$(1),$(2))
	@mkdir -p $$(@D); rm -f $$@; $$(AR) cr $$@ $$^
tests/svm/svm_$(1): $$(call hosted_objs,all,$$(HOSTED_SUITE_SRCS)) tests/svm/libhosted.a tests/svm/libhosted_$(1).a
	$$(TEST_LD_V) $$(CC) $$(HOSTED_SANITIZE) $$(LDFLAGS) -o $$@ $$(HOSTED_LINK) $$(CHECK_LIBS)
tests/svm/fuzz_$(1): $$(call hosted_objs,all,$$(HOSTED_FUZZ_SRCS)) tests/svm/libhosted.a tests/svm/libhosted_$(1).a
	$$(TEST_LD_V) $$(CC) $$(HOSTED_SANITIZE) $$(LDFLAGS) -o $$@ $$(HOSTED_LINK)
endef
$(foreach r,$(filter $(RECIPES_SHADOW),$(HOSTED_RECIPES)),$(eval $(call hosted_recipe,$(r),$$(HV_ENGINE_SRCS))))
$(foreach r,$(filter $(RECIPES_NESTED),$(HOSTED_RECIPES)),$(eval $(call hosted_recipe,$(r),$$(call nested_srcs,$(r)))))
$(foreach r,$(filter $(RECIPES_HYBRID),$(HOSTED_RECIPES)),$(eval $(call hosted_recipe,$(r),$$(HV_ENGINE_SRCS) $$(HV_HYBRID_NESTED) $$(HV_HYBRID_SRCS),paging_half)) \
	$(eval $$(call hosted_objs,$(r),$$(HV_ENGINE_SRCS) $$(HV_HYBRID_NESTED)): $$(HALVES)))

clean-local: clean-hosted
clean-hosted:
	rm -rf hosted-obj tests/svm/libhosted.a $(HOSTED_RECIPES:%=tests/svm/libhosted_%.a) $(HOSTED_TESTS)
-include $(wildcard hosted-obj/*/*/*.d hosted-obj/*/*/*/*.d hosted-obj/*/*/*/*/*.d)
