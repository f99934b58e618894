# SPDX-License-Identifier: BSD-2-Clause
# `make coverage`: what of hv/ and policies/ the hosted tests execute, by folder (tests/coverage.sh). A configured build of its
# own in coverage/, so that no instrumented object is ever mixed with another. Included by Makefile.am; GNU make.

# Programs that hold sources of hv/ or policies/, but for ThreadSanitizer's and those that are another's sources again. Of
# variants the oracle, and the tests of the parts that make them.
COVERAGE_PROGRAMS = $(filter-out tests/oracle/liboracle.a tests/engine/suites/tsan_% \
	$(foreach t,$(ENGINE_SUITES),$(RECIPES_VARIANT:%=tests/engine/suites/$(t)_%)), \
	$(ENGINE_TESTS)) $(HOSTED_TESTS) \
	$(ENGINE_ONE) $(filter-out %_sanitized,$(filter $(addprefix tests/,emul/% dev/% load/% hv/% trace/%),$(KIND_TESTS)))

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
