# SPDX-License-Identifier: BSD-2-Clause
# `make coverage`: what of hv/ and policies/ the hosted tests execute, by folder (tests/coverage.sh). A configured build of its
# own in coverage/, so that no instrumented object is ever mixed with another. Included by Makefile.am; GNU make.

# Programs that hold sources of hv/ or policies/, but for ThreadSanitizer's and those that are another's sources again. Of
# variants the oracle, and the tests of the parts that make them.
COVERAGE_PROGRAMS = $(filter-out tests/liboracle.a tests/engine_tsan_% $(foreach t,$(ENGINE_SUITES),$(RECIPES_VARIANT:%=tests/engine_$(t)_%)), \
	$(ENGINE_TESTS)) $(HOSTED_TESTS) \
	$(filter-out emul_sanitized,$(filter emul_% tests/engine_% tests/dev_% tests/load_%,$(check_PROGRAMS))) \
	$(patsubst %,tests/%,lib_test trace_ring quiet_test tsc_test dom0_npt)

coverage:
	+@srcdir=$(abs_srcdir) MAKE="$(MAKE)" CC="$(CC)" $(SHELL) $(srcdir)/tests/coverage.sh
# In coverage/.
coverage-programs: $(COVERAGE_PROGRAMS)
coverage-list:
	@echo $(COVERAGE_PROGRAMS)
.PHONY: coverage coverage-programs coverage-list

clean-local: clean-coverage
clean-coverage:
	rm -rf coverage
