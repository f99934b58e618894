# SPDX-License-Identifier: BSD-2-Clause
# domU guests: workloads/<file>.elf for every "pvh" and "bad" line of the two lists,
# and Linux's initramfs. Included by Makefile.am; GNU make.

# $(1) list, $(2) macro, $(3) kind: the files of that kind
guest_files = $(shell sed -n 's/^$(2).\([^,]*\),[^,]*, *$(3),.*/\1/p' $(srcdir)/workloads/$(1))
GUEST_FILES := $(call guest_files,workloads.def,WORKLOAD,pvh) $(call guest_files,hostile.def,HOSTILE,pvh)
GUEST_BAD_FILES := $(call guest_files,hostile.def,HOSTILE,bad)

# The one that the damaged images are made from.
GUEST_GOOD = workloads/null-exit.elf

# Position-independent code runs at any address without relocation, so that the image may be linked
# at the direct mapping, which no code model of the compiler covers.
GUEST_CFLAGS = -std=gnu11 -O2 -g $(PN_WARN) -ffreestanding -fpie -mno-red-zone -mgeneral-regs-only \
	-fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables \
	-I$(srcdir)/workloads/lib/4level -I$(srcdir)/hv/include
GUEST_LDFLAGS_4 = -m elf_x86_64 -static -z noexecstack -z max-page-size=4096 --build-id=none \
	--defsym=DIRECT_BASE=0xffff888000000000 --defsym=IMAGE_BASE=0x100000
GUEST_LIB_SRCS = workloads/lib/start.c workloads/lib/console.c workloads/lib/params.c workloads/lib/mem.c \
	workloads/lib/region.c workloads/lib/x86_64/start.S workloads/lib/x86_64/trap.S workloads/lib/x86_64/trap.c \
	hv/lib/string.c hv/lib/printf.c
GUEST_LIB_OBJS = $(patsubst %,guest-obj/4level/%.o,$(GUEST_LIB_SRCS))

GUEST_IMAGES = $(patsubst %,workloads/%.elf,$(GUEST_FILES) $(GUEST_BAD_FILES))

guest-obj/4level/%.o: $(srcdir)/%
	@mkdir -p $(@D); test -n "$(V:0=)" || echo "  GUESTCC  $@"; $(CC) $(GUEST_CFLAGS) -MMD -MP -c $< -o $@

$(patsubst %,workloads/%.elf,$(GUEST_FILES)): workloads/%.elf: guest-obj/4level/workloads/%.c.o $(GUEST_LIB_OBJS) \
		$(srcdir)/workloads/lib/guest.lds
	@mkdir -p $(@D); echo "  GUESTLD  $@"; $(LD) $(GUEST_LDFLAGS_4) -T $(srcdir)/workloads/lib/guest.lds -o $@ $(filter %.o,$^)

$(patsubst %,workloads/%.elf,$(GUEST_BAD_FILES)): workloads/hostile/%.elf: $(srcdir)/workloads/hostile/mkbad.sh $(GUEST_GOOD)
	@mkdir -p $(@D); echo "  BADIMAGE $@"; $(SHELL) $< $* $(GUEST_GOOD) $@

# Linux's first process and what it runs. It runs the same binaries on every recipe, hence static ones.
BUSYBOX ?= /bin/busybox
GUEST_LINUX = $(srcdir)/workloads/linux
GUEST_INITRAMFS = workloads/linux-initramfs.cpio.gz

guest-obj/linux-suite: $(GUEST_LINUX)/suite.c $(srcdir)/hv/include/hypercall_abi.h
	@mkdir -p $(@D); test -n "$(V:0=)" || echo "  GUESTCC  $@"; \
	$(CC) -std=gnu11 -O2 $(PN_WARN) -static -I$(srcdir)/hv/include -o $@ $<

$(GUEST_INITRAMFS): $(GUEST_LINUX)/mkinitramfs.sh $(GUEST_LINUX)/init $(GUEST_LINUX)/shell-loop guest-obj/linux-suite $(BUSYBOX)
	@mkdir -p $(@D); echo "  CPIO     $@"; $(SHELL) $< $(GUEST_LINUX) guest-obj/linux-suite $(BUSYBOX) $@

all-local: $(GUEST_IMAGES) $(GUEST_INITRAMFS)
clean-local: clean-guests
clean-guests:
	rm -rf guest-obj workloads/*.elf workloads/hostile/*.elf $(GUEST_INITRAMFS)
.PHONY: clean-guests
.SECONDARY:
-include $(shell find guest-obj -name '*.d' 2>/dev/null)
