# SPDX-License-Identifier: BSD-2-Clause
# domU guests: workloads/<file>.elf for every "pvh" and "bad" line of the two lists, with
# workloads/<file>.<levels>.elf for the forms that have other than four levels of page tables; and Linux's initramfs.
# Included by Makefile.am; GNU make.

# $(1) list, $(2) macro, $(3) kind: the files of that kind, each once
guest_files = $(sort $(shell sed -n 's/^$(2).\([^,]*\),[^,]*, *$(3),.*/\1/p' $(srcdir)/workloads/$(1)))
# $(1) levels: the files that have a form of that many
guest_forms = $(sort $(shell sed -n 's/^WORKLOAD.\([^,]*\),[^,]*, *pvh, *[0-9]*$(1)[0-9]*,.*/\1/p' $(srcdir)/workloads/workloads.def))
GUEST_FILES_2 := $(call guest_forms,2)
GUEST_FILES_3 := $(call guest_forms,3)
# Guests that tests drive are in no list.
GUEST_FILES_4 := $(call guest_forms,4) $(call guest_files,hostile.def,HOSTILE,pvh) tests/control
GUEST_FILES_5 := $(call guest_forms,5)
GUEST_BAD_FILES := $(call guest_files,hostile.def,HOSTILE,bad)

# The one that the damaged images are made from.
GUEST_GOOD = workloads/null-exit.elf

GUEST_CFLAGS = -std=gnu11 -O2 -g $(PN_WARN) $(WERROR) -ffreestanding -mgeneral-regs-only -fno-stack-protector \
	-fcf-protection=none -fno-asynchronous-unwind-tables -I$(srcdir)/workloads/lib -I$(srcdir)/workloads/lib/bare -I$(srcdir)/abi -I$(srcdir)/hv/base
# Position-independent code runs at any address without relocation, so that the image may be linked
# at the direct mapping, which no code model of the compiler covers.
GUEST_CFLAGS_x86_64 = -fpie -mno-red-zone -I$(srcdir)/workloads/lib/x86_64
GUEST_CFLAGS_i386 = -m32 -march=i686 -fno-pie -mregparm=3 -I$(srcdir)/workloads/lib/i386
GUEST_LDFLAGS = -static -z noexecstack -z max-page-size=4096 --build-id=none -T $(srcdir)/workloads/lib/guest.lds \
	--defsym=IMAGE_BASE=0x100000
GUEST_LDFLAGS_x86_64 = -m elf_x86_64
GUEST_LDFLAGS_i386 = -m elf_i386
GUEST_LIB_SRCS = workloads/lib/entry.S workloads/lib/start.c workloads/lib/console.c workloads/lib/params.c \
	workloads/lib/mem.c workloads/lib/tables.c workloads/lib/region.c workloads/lib/trap.c hv/base/string.c hv/base/printf.c
GUEST_LIB_SRCS_x86_64 = workloads/lib/x86_64/start.S workloads/lib/x86_64/trap.S workloads/lib/x86_64/mode.S
GUEST_LIB_SRCS_i386 = workloads/lib/i386/start.S workloads/lib/i386/trap.S workloads/lib/i386/mode.S workloads/lib/i386/divide.c

# The rules of one form: $(1) folder of lib/ with its geometry, $(2) levels, $(3) architecture, $(4) what its images'
# names end in, $(5) its files
define guest_form
GUEST_LIB_OBJS_$(1) = $(patsubst %,guest-obj/$(1)/%.o,$(GUEST_LIB_SRCS) $(GUEST_LIB_SRCS_$(3)))
GUEST_IMAGES_$(1) = $(patsubst %,workloads/%$(4),$(5))
GUEST_IMAGES += $(patsubst %,workloads/%$(4),$(5))
guest-obj/$(1)/%.o: $(srcdir)/%
	@mkdir -p $$(@D); test -n "$$(V:0=)" || echo "  GUESTCC  $$@"; \
	$$(CC) $$(GUEST_CFLAGS) $$(GUEST_CFLAGS_$(3)) -I$$(srcdir)/workloads/lib/$(1) \
		-I$$(srcdir)/workloads/lib/pte$(if $(filter 3,$(2)),2,1) -MMD -MP -c $$< -o $$@

$$(GUEST_IMAGES_$(1)): workloads/%$(4): guest-obj/$(1)/workloads/%.c.o $$(GUEST_LIB_OBJS_$(1)) $$(srcdir)/workloads/lib/guest.lds
	@mkdir -p $$(@D); echo "  GUESTLD  $$@"; \
	$$(LD) $$(GUEST_LDFLAGS_$(3)) $$(GUEST_LDFLAGS) --defsym=DIRECT_BASE=$$(call guest_geometry,$(1),DIRECT_BASE) -o $$@ $$(filter %.o,$$^)
endef
# $(1) folder, $(2) a name that its geometry defines
guest_geometry = $(shell sed -n 's/^\#define $(2)  *\(0x[0-9a-f]*\).*/\1/p' $(srcdir)/workloads/lib/$(1)/geometry.h)
# Workloads whose kernel half begins at 2 GiB in their 32-bit forms.
GUEST_WINDOWS = linear-map
GUEST_IMAGES := $(patsubst %,workloads/%.elf,$(GUEST_BAD_FILES))
$(eval $(call guest_form,2level,2,i386,.2.elf,$(filter-out $(GUEST_WINDOWS),$(GUEST_FILES_2))))
$(eval $(call guest_form,3level,3,i386,.3.elf,$(filter-out $(GUEST_WINDOWS),$(GUEST_FILES_3))))
$(eval $(call guest_form,4level,4,x86_64,.elf,$(GUEST_FILES_4)))
$(eval $(call guest_form,5level,5,x86_64,.5.elf,$(GUEST_FILES_5)))
$(eval $(call guest_form,2level-windows,2,i386,.2.elf,$(filter $(GUEST_WINDOWS),$(GUEST_FILES_2))))
$(eval $(call guest_form,3level-windows,3,i386,.3.elf,$(filter $(GUEST_WINDOWS),$(GUEST_FILES_3))))

$(patsubst %,workloads/%.elf,$(GUEST_BAD_FILES)): workloads/hostile/%.elf: $(srcdir)/workloads/hostile/mkbad.sh $(GUEST_GOOD)
	@mkdir -p $(@D); echo "  BADIMAGE $@"; $(SHELL) $< $* $(GUEST_GOOD) $@

# Linux's first process and what it runs. It runs the same binaries on every recipe, hence static ones.
BUSYBOX ?= /bin/busybox
GUEST_LINUX = $(srcdir)/workloads/linux
GUEST_INITRAMFS = workloads/linux-initramfs.cpio
GUEST_INITRAMFS_I386 = workloads/linux-initramfs-i386.cpio

guest-obj/linux-suite: $(GUEST_LINUX)/suite.c $(GUEST_LINUX)/penumbra_region.h $(srcdir)/abi/hypercall_abi.h
	@mkdir -p $(@D); test -n "$(V:0=)" || echo "  GUESTCC  $@"; \
	$(CC) -std=gnu11 -O2 $(PN_WARN) $(WERROR) -static -I$(srcdir)/abi -I$(srcdir)/hv/base -o $@ $<

$(GUEST_INITRAMFS): $(GUEST_LINUX)/mkinitramfs.sh $(GUEST_LINUX)/init $(GUEST_LINUX)/shell-loop guest-obj/linux-suite $(BUSYBOX)
	@mkdir -p $(@D); echo "  CPIO     $@"; $(SHELL) $< $(GUEST_LINUX) guest-obj/linux-suite $(BUSYBOX) $@

# What programs in guests mark regions with, and the initramfs of guests that run a script.
GUEST_REGION = guest-obj/penumbra-region
GUEST_SCRIPT = workloads/linux-script.cpio.gz
$(GUEST_REGION): $(GUEST_LINUX)/region.c $(GUEST_LINUX)/penumbra_region.h $(srcdir)/abi/hypercall_abi.h
	@mkdir -p $(@D); test -n "$(V:0=)" || echo "  GUESTCC  $@"; \
	$(CC) -std=gnu11 -O2 $(PN_WARN) $(WERROR) -static -I$(srcdir)/abi -o $@ $<

$(GUEST_SCRIPT): $(addprefix $(GUEST_LINUX)/,mkscript.sh modules.sh script-init) guest-obj/linux-suite $(GUEST_REGION) $(BUSYBOX) kernels/amd64/vmlinuz
	@mkdir -p $(@D); echo "  CPIO     $@"; \
	$(SHELL) $< $(GUEST_LINUX)/script-init kernels/amd64 guest-obj/linux-suite $(GUEST_REGION) $(BUSYBOX) $@

# Debian's programs, which the guests linux-suites run, and their initramfs. The build goes on without it where they cannot be had.
GUEST_SUITES = workloads/linux-suites.cpio
GUEST_SUITES_FILES = $(addprefix $(GUEST_LINUX)/,mksuites.sh fetch-suites.sh suites-init) $(wildcard $(GUEST_LINUX)/suites/*) $(srcdir)/dom0/optional.sh
$(GUEST_SUITES): $(GUEST_SUITES_FILES) guest-obj/linux-suite $(GUEST_REGION) $(BUSYBOX)
	@mkdir -p $(@D); echo "  CPIO     $@"; \
	$(srcdir)/dom0/optional.sh $@ $(SHELL) $< quick amd64 $(GUEST_LINUX) suites guest-obj/linux-suite $(GUEST_REGION) $(BUSYBOX) $@

# More of them on a disk, for the guests of linux-long: `make linux-long`, as `./penumbra run --suite full` does.
GUEST_LONG = workloads/linux-long.cpio.gz workloads/linux-long.ext4
linux-long: $(GUEST_LONG)
.PHONY: linux-long
workloads/linux-long.cpio.gz: $(addprefix $(GUEST_LINUX)/,mkscript.sh modules.sh disk-init) guest-obj/linux-suite $(GUEST_REGION) $(BUSYBOX) kernels/amd64/vmlinuz
	@mkdir -p $(@D); echo "  CPIO     $@"; \
	$(SHELL) $< $(GUEST_LINUX)/disk-init kernels/amd64 guest-obj/linux-suite $(GUEST_REGION) $(BUSYBOX) $@
workloads/linux-long.ext4: $(GUEST_SUITES_FILES) guest-obj/linux-suite $(GUEST_REGION) $(BUSYBOX)
	@mkdir -p $(@D); echo "  EXT4     $@"; \
	$(srcdir)/dom0/optional.sh $@ $(SHELL) $< full amd64 $(GUEST_LINUX) suites-full guest-obj/linux-suite $(GUEST_REGION) $(BUSYBOX) $@

# The same for 32-bit kernels. The build goes on without it where its parts cannot be had.
guest-obj/i386/busybox: $(srcdir)/dom0/fetch-package.sh $(srcdir)/workloads/linux/fetch-busybox.sh $(srcdir)/dom0/optional.sh
	@mkdir -p $(@D); echo "  FETCH    $@"; \
	$(srcdir)/dom0/optional.sh $@ $(GUEST_LINUX)/fetch-busybox.sh $(abs_srcdir)/dom0/fetch-package.sh i386 $@

guest-obj/i386/linux-suite: $(GUEST_LINUX)/suite.c $(srcdir)/abi/hypercall_abi.h
	@mkdir -p $(@D); test -n "$(V:0=)" || echo "  GUESTCC  $@"; \
	$(srcdir)/dom0/optional.sh $@ $(CC) -m32 -idirafter /usr/include/$$($(CC) -print-multiarch) -std=gnu11 -O2 $(PN_WARN) $(WERROR) \
		-static -I$(srcdir)/abi -I$(srcdir)/hv/base -o $@ $<

$(GUEST_INITRAMFS_I386): $(GUEST_LINUX)/mkinitramfs.sh $(GUEST_LINUX)/init $(GUEST_LINUX)/shell-loop guest-obj/i386/linux-suite \
		guest-obj/i386/busybox
	@mkdir -p $(@D); echo "  CPIO     $@"; \
	$(srcdir)/dom0/optional.sh $@ $(SHELL) $< $(GUEST_LINUX) guest-obj/i386/linux-suite guest-obj/i386/busybox $@

all-local: $(GUEST_IMAGES) $(GUEST_INITRAMFS) $(GUEST_INITRAMFS_I386) $(GUEST_REGION) $(GUEST_SCRIPT) $(GUEST_SUITES)
clean-local: clean-guests
clean-guests:
	rm -rf guest-obj workloads/*.elf workloads/hostile/*.elf workloads/tests/*.elf $(GUEST_INITRAMFS) $(GUEST_INITRAMFS_I386) $(GUEST_SCRIPT) $(GUEST_SUITES) $(GUEST_LONG) workloads/*.unavailable suites suites-full
.PHONY: clean-guests
.SECONDARY:
-include $(shell find guest-obj -name '*.d' 2>/dev/null)
