# SPDX-License-Identifier: BSD-2-Clause
# Freestanding images: one hypervisor a recipe. Included by Makefile.am; GNU make.
# Sources that know the recipe (HV_ENGINE_SRCS) are compiled once a recipe, all others once.

HV_FLOORS := $(shell grep -v '^\#' $(srcdir)/hv/floors)
HV_INCLUDES = $(patsubst %,-I$(srcdir)/%,$(filter-out hv/host/sim,$(HV_FLOORS))) -Irecipes
# Lines and functions: what variables are would take a third of the time to compile. For a debugger: make HV_DEBUG=-g.
HV_DEBUG = -g1
HV_CFLAGS = -std=gnu11 -O2 $(HV_DEBUG) $(PN_WARN) $(WERROR) -ffreestanding -fbuiltin -fno-pic -fno-pie -fomit-frame-pointer -mno-red-zone \
	-mgeneral-regs-only -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables -fno-strict-aliasing \
	-fno-delete-null-pointer-checks -falign-functions=16 $(HV_INCLUDES)
HV_CC = $(CC) $(HV_CFLAGS) -MMD -MP
HV_CC_V = @mkdir -p $(@D); test -n "$(V:0=)" || echo "  HVCC     $@";

# Variants' headers, recipes/<file>.h. GNU make brings a file that it includes up to date before all else.
recipes/made.mk: $(srcdir)/policies/recipes.def $(srcdir)/policies/mkvariant.sh $(wildcard $(srcdir)/policies/*.h)
	@mkdir -p recipes && sh $(srcdir)/policies/mkvariant.sh $(srcdir)/policies --all recipes && touch $@
sinclude recipes/made.mk

# The template's sources, one a pair of guest and shadow levels.
PAIRS_IMAGES := $(addprefix pairs/,$(shell sh $(srcdir)/hv/shadow/template/mkpairs.sh --images))
PAIRS_HOSTED := $(addprefix pairs/,$(shell sh $(srcdir)/hv/shadow/template/mkpairs.sh --hosted))
pairs/made.mk: $(srcdir)/hv/shadow/core/pairs.def $(srcdir)/hv/shadow/template/mkpairs.sh
	@mkdir -p pairs && sh $(srcdir)/hv/shadow/template/mkpairs.sh pairs && touch $@
sinclude pairs/made.mk

HV_CORE_SRCS = $(HV_LIB_SRCS) $(HV_BOOT_SRCS) $(HV_SVM_SRCS) $(HV_DOMAIN_SRCS) $(HV_LOAD_SRCS) $(HV_DEV_SRCS) \
	$(HV_EMUL_SRCS) $(HV_TRACE_SRCS) $(HV_PAGING_SRCS)
hv_objs = $(addprefix hv-obj/$(1)/,$(addsuffix .o,$(2)))
HV_CORE_OBJS = $(call hv_objs,core,$(HV_CORE_SRCS))

hv-obj/core/%.o: $(srcdir)/%
	$(HV_CC_V) $(HV_CC) -c $< -o $@

# Of a recipe with both kinds of paging, what its source $(1) is compiled with besides: the names that its half of the contract has there.
recipes/in_%.h: $(srcdir)/hv/paging/contract.def
	@mkdir -p recipes && sed -n 's/^PAGING_[A-Z]*([^,]*, \([a-z_]*\)[,)].*/#define paging_\1 in_$*_\1/p' $< >$@
# All that a recipe $(1) of nested paging has of its own. A hybrid has what npt has.
nested_srcs = $(HV_NESTED_SRCS) policies/$(1).c
HV_HYBRID_NESTED = $(call nested_srcs,npt)
HALVES = recipes/in_shadow.h recipes/in_nested.h
paging_half = $(if $(filter $(1),$(HV_HYBRID_SRCS))$(filter tests/%,$(1)),,-include recipes/in_$(if $(filter $(1),$(HV_HYBRID_NESTED)),nested,shadow).h)

# $(1) recipe, $(2) its own sources, $(3) the function that says what one of them is compiled with besides; or nothing. These are in the source directory, and the template's in this: VPATH finds both.
define hv_recipe
hv-obj/$(1)/%.o: %
	$$(HV_CC_V) $$(HV_CC) -DRECIPE_HEADER='"$(1).h"' $$(call $(3),$$*) -c $$< -o $$@
penumbra-$(1).elf64: $$(HV_CORE_OBJS) $$(call hv_objs,$(1),$(2)) $$(srcdir)/hv/boot/hv.lds
	@echo "  HVLD     $$@"; $$(CC) -nostdlib -static -no-pie -Wl,-z,noexecstack,-z,max-page-size=4096,--build-id=none,--no-warn-rwx-segments \
		-T $$(srcdir)/hv/boot/hv.lds -o $$@ $$(filter %.o,$$^)
endef
$(foreach r,$(RECIPES_SHADOW),$(eval $(call hv_recipe,$(r),$$(HV_ENGINE_SRCS))))
$(foreach r,$(RECIPES_NESTED),$(eval $(call hv_recipe,$(r),$$(call nested_srcs,$(r)))))
$(foreach r,$(RECIPES_HYBRID),$(eval $(call hv_recipe,$(r),$$(HV_ENGINE_SRCS) $$(HV_HYBRID_NESTED) $$(HV_HYBRID_SRCS),paging_half)) \
	$(eval $$(call hv_objs,$(r),$$(HV_ENGINE_SRCS) $$(HV_HYBRID_NESTED)): $$(HALVES)))

# QEMU's Multiboot wants a 32-bit ELF; the code in it is 64-bit all the same.
penumbra-%.elf: penumbra-%.elf64
	@echo "  OBJCOPY  $@"; $(OBJCOPY) -O elf32-i386 $< $@

HV_IMAGES = $(foreach r,$(RECIPES_BASE) $(RECIPES_NESTED) $(RECIPES_HYBRID),penumbra-$(r).elf)
HV_VARIANTS = $(RECIPES_VARIANT:%=penumbra-%.elf)
# Those that the quick suite runs: it names them as users do, recipes.def has the file beside that name.
HV_QUICK_VARIANTS := $(patsubst %,penumbra-%.elf,$(shell sed -n 's/^ALSO."\([^"]*\)".*/"\1"/p' $(srcdir)/bench/data/quick.def | sort -u | \
	while read -r name; do sed -n "s/^VARIANT.\([^,]*\), *$$name,.*/\1/p" $(srcdir)/policies/recipes.def; done))
.SECONDARY:
-include $(wildcard hv-obj/*/*/*.d hv-obj/*/*/*/*.d hv-obj/*/*/*/*/*.d)
