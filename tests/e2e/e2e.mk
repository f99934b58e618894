# SPDX-License-Identifier: BSD-2-Clause
# Of the tests in QEMU that E2E_BY_DAY names, each day half are run; with PENUMBRA_LONG all. Included by Makefile.am; GNU make.
E2E_OF_DAY := $(shell sh $(srcdir)/tests/day.sh 6 $(E2E_BY_DAY))
TESTS += $(E2E_OF_DAY:%=tests/e2e/%.sh)
