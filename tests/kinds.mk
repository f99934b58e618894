# SPDX-License-Identifier: BSD-2-Clause
# Test programs. A kind is a directory: each tests/<kind>/<name>.c is the program tests/<kind>/<name>, which `make check` runs and
# logs under that name, but for the helpers that the kind names here. Included by Makefile.am; GNU make. tests/engine and tests/svm,
# which are compiled once a recipe, have rules of their own.
#
#   <kind>_HELPERS    sources there that are no test
#   <kind>_TOOLS      those of them that are a program all the same, of a script's
#   <kind>_SANITIZED  tests of which tests/<kind>/<name>_sanitized is a second program, watched by the sanitizers
#   <kind>_SRCS       what a test may need of the tree, linked where it does; <kind>_SANITIZED_SRCS where that is something else there
#   <kind>_FLAGS, <kind>_LIBS, <kind>_LDFLAGS
KINDS = bench dev dom0 e2e emul hv load model trace

# Decoder and emulator of guest instructions.
emul_HELPERS = native_run fuzz
emul_SANITIZED = fields
emul_SRCS = $(HV_EMUL_SRCS) tests/emul/native_run.c
tests/emul/zydis: emul_LIBS = -lZydis

# Devices and loaders.
dev_HELPERS = memory fuzz
dev_SANITIZED = disk
dev_SRCS = $(HV_DEV_SRCS) tests/dev/memory.c
dev_FLAGS = -I$(srcdir)/hv/paging -I$(srcdir)/hv/dev
dev_LIBS = -lpthread
load_HELPERS = fuzz
load_SRCS = $(HV_LOAD_SRCS)
load_FLAGS = -I$(srcdir)/hv/load

# Single files of hv/: most of these tests include them as they are, with a machine of their own around them.
hv_SRCS = hv/host/bare/tsc.c hv/host/bare/memory_plan.c
hv_FLAGS = $(HV_INCLUDES)

# The trace's ring, against the simulated machine's clock, the collector's reader, and what is found out about a trace; penumbra-ctl.
trace_HELPERS = feed
trace_SANITIZED = annotate report
trace_SANITIZED_SRCS = $(filter %.c,$(libtraces_a_SOURCES))
trace_TOOLS = feed
trace_SRCS = hv/trace/ring.c
trace_FLAGS = -I$(srcdir)/hv/trace -I$(srcdir)/hv/host -I$(srcdir)/hv/host/sim -I$(srcdir)/traces/analysis $(JANSSON_CFLAGS)
trace_LIBS = libdom0.a libtraces.a $(JANSSON_LIBS) -lpthread
dom0_HELPERS = sim
dom0_SRCS = tests/dom0/sim.c dom0/peers/life.c dom0/peers/room.c dom0/peers/ports.c dom0/peers/serial.c dom0/peers/linux64.c
dom0_FLAGS = $(JANSSON_CFLAGS) -I$(srcdir)/dom0 -I$(srcdir)/hv/load
dom0_LIBS = libdom0.a $(JANSSON_LIBS)

# The program; mutants run all of it watched by the sanitizers, which is the only form of that test.
bench_HELPERS = mutants fuzz_symbols
bench_SANITIZED = mutants outside symbols profile
bench_SANITIZED_SRCS = $(filter %.c,$(libbench_a_SOURCES))
bench_FLAGS = $(BENCH_CPPFLAGS) $(BENCH_CFLAGS)
bench_LIBS = libbench.a $(BENCH_LIBS)

# The machine model, without a QEMU around it.
model_HELPERS = fuzz_machine fuzz_insns
model_SRCS = $(MODEL_SRCS) bench/model/ram.c

# A tool that runs in dom0, where no library can be counted on.
e2e_HELPERS = dom0_reach
e2e_TOOLS = dom0_reach
e2e_LDFLAGS = -static

TEST_SANITIZE = -fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all
TEST_CC = $(CC) $(DEFS) $(AM_CPPFLAGS) $(CPPFLAGS) $(AM_CFLAGS) $(CFLAGS) $(CHECK_CFLAGS) -MMD -MP
TEST_CC_V = @mkdir -p $(@D); test -n "$(V:0=)" || echo "  CC       $@";
TEST_LD_V = @mkdir -p $(@D); test -n "$(V:0=)" || echo "  CCLD     $@";

# $(1) kind, $(2) where its objects are, $(3) its programs, $(4) what their names have besides the source's, $(5) more flags,
# $(6) sources for the library
define test_programs
test-obj/$(2)/%.o: %
	$$(TEST_CC_V) $$(TEST_CC) $$($(1)_FLAGS) $(5) -c $$< -o $$@
test-obj/$(2)/lib.a: $(6:%=test-obj/$(2)/%.o)
	@mkdir -p $$(@D); rm -f $$@; $$(AR) cr $$@ $$^
$(3:%=tests/$(1)/%$(4)): tests/$(1)/%$(4): test-obj/$(2)/tests/$(1)/%.c.o test-obj/$(2)/lib.a $$(filter %.a,$$($(1)_LIBS))
	$$(TEST_LD_V) $$(CC) $$(CFLAGS) $(5) $$(LDFLAGS) $$($(1)_LDFLAGS) -o $$@ $$(filter %.o,$$^) test-obj/$(2)/lib.a $$($(1)_LIBS) $$(CHECK_LIBS)
endef
# $(1) kind
define test_kind
$(1)_TESTS := $$(filter-out $$($(1)_HELPERS),$$(patsubst $$(srcdir)/tests/$(1)/%.c,%,$$(wildcard $$(srcdir)/tests/$(1)/*.c)))
$$(eval $$(call test_programs,$(1),$(1),$$($(1)_TESTS) $$($(1)_TOOLS),,,$$($(1)_SRCS)))
ifneq ($$($(1)_SANITIZED),)
$$(eval $$(call test_programs,$(1),$(1)-sanitized,$$($(1)_SANITIZED),_sanitized,$$$$(TEST_SANITIZE),$$(or $$($(1)_SANITIZED_SRCS),$$($(1)_SRCS))))
endif
KIND_TESTS += $$(patsubst %,tests/$(1)/%,$$($(1)_TESTS) $$($(1)_SANITIZED:%=%_sanitized))
KIND_TOOLS += $$($(1)_TOOLS:%=tests/$(1)/%)
endef
KIND_TESTS :=
KIND_TOOLS :=
$(foreach k,$(KINDS),$(eval $(call test_kind,$(k))))

# A test that automake does not know by name: its log by what automake has for each that it does.
define test_log
$(1:=.log): %.log: %
	@p='$$<'; b='$$*'; $$(am__check_pre) $$(LOG_DRIVER) --test-name "$$$$f" --log-file $$$$b.log --trs-file $$$$b.trs \
	$$(am__common_driver_flags) $$(AM_LOG_DRIVER_FLAGS) $$(LOG_DRIVER_FLAGS) -- $$(LOG_COMPILE) "$$$$tst" $$(AM_TESTS_FD_REDIRECT)
endef
$(eval $(call test_log,$(KIND_TESTS)))
TESTS += $(KIND_TESTS)

# On demand: these need clang and its libFuzzer (libclang-rt-dev).
TEST_FUZZ = clang -std=gnu11 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined $(AM_CPPFLAGS)
fuzz-emul: tests/emul/fuzz.c $(HV_EMUL_SRCS)
	$(TEST_FUZZ) -o $@ $^
fuzz-load: tests/load/fuzz.c $(HV_LOAD_SRCS)
	$(TEST_FUZZ) $(load_FLAGS) -o $@ $^
fuzz-disk: tests/dev/fuzz.c $(HV_DEV_SRCS) tests/dev/memory.c
	$(TEST_FUZZ) $(dev_FLAGS) -o $@ $^
fuzz-machine: tests/model/fuzz_machine.c bench/model/machine.c
	$(TEST_FUZZ) -o $@ $^
fuzz-insns: tests/model/fuzz_insns.c bench/model/insns.c
	$(TEST_FUZZ) -o $@ $^
fuzz-symbols: tests/bench/fuzz_symbols.c bench/data/symbols.c bench/base/util.c bench/base/files.c
	$(TEST_FUZZ) $(BENCH_CPPFLAGS) -o $@ $^
CLEAN_FUZZ = fuzz-symbols fuzz-emul fuzz-load fuzz-disk fuzz-machine fuzz-insns

clean-local: clean-kinds
clean-kinds:
	rm -rf test-obj $(KIND_TESTS) $(KIND_TOOLS) $(CLEAN_FUZZ)
-include $(wildcard $(addprefix test-obj/,*/*/*.d */*/*/*.d */*/*/*/*.d))
