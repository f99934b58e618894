# SPDX-License-Identifier: BSD-2-Clause
# Of the tests in QEMU that E2E_BY_DAY names, four are run each day; with PENUMBRA_LONG all. Included by Makefile.am,
# after tests/kinds.mk; GNU make.
E2E_OF_DAY := $(patsubst %,tests/e2e/%.sh,$(shell sh $(srcdir)/tests/day.sh 4 $(E2E_BY_DAY)))
$(eval $(call test_log,$(E2E_OF_DAY)))
TESTS += $(E2E_OF_DAY)
