#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Xen and KVM for once: each fetched and made, booted, with bare-metal guests and Linux, whose figures are what such a hypervisor's must
# be: nested paging takes what no hypervisor takes, shadow paging much more and its two trips a fault. Long: PENUMBRA_LONG.
. "${srcdir:-.}/tests/common.sh"
[ -n "${PENUMBRA_LONG:-}" ] || skip_all "PENUMBRA_LONG is not set"
need_images
make -C "$build" peers >"$tmp/make" 2>&1
is "what peers boot is made" $? 0
[ "$failed" -eq 0 ] || { tail "$tmp/make"; finish; }

bench_run "$tmp/run" --peers xen,kvm --recipe native --workload null-exit,demand-fault,true-fault,linux-process --repeat 2 --no-trace
is "the run succeeds" $? 0
[ "$failed" -eq 0 ] || cat "$tmp/run.err"
csv=$tmp/run/results.csv
is "nested paging takes what no hypervisor takes" "$(per_op "$csv" kvm-npt demand-fault fault 8)" "$(per_op "$csv" native demand-fault fault 8)"
is "and no trip" "$(per_op "$csv" kvm-npt demand-fault fault 9)" 0.00
is "a demand fault under KVM's shadows: two trips" "$(per_op "$csv" kvm-npt0 demand-fault fault 9)" 2.00
is "CPUID under KVM: one" "$(per_op "$csv" kvm-npt0 null-exit cpuid 9)" 1.00
more() { check "$1" test "$(echo "$2" | cut -d. -f1)" -gt "$3"; }
more "KVM's shadows take thousands of instructions a fault" "$(per_op "$csv" kvm-npt0 demand-fault fault 8)" 3000
if [ -s "$build/peers/xen/xen" ]; then
	for r in xen-hap0 xen-oos0; do
		more "$r takes thousands of instructions a fault" "$(per_op "$csv" $r demand-fault fault 8)" 3000
		is "$r: its trips are not counted" "$(rows "$csv" $r demand-fault fault | head -n 1 | cut -d, -f9)" ""
		is "$r runs Linux to its end" "$(rows "$csv" $r linux-process shell | wc -l | tr -d ' ')" 2
	done
else
	is "a release without that Xen says so" "$(items "$tmp/run" "$state" | grep -c not-run)" 8
	has "in its report, too" "$tmp/run/report.html" "$(head -c 20 "$build/peers/xen/xen.unavailable")"
fi
for r in kvm-npt0 kvm-npt; do
	is "$r runs Linux to its end" "$(rows "$csv" $r linux-process shell | wc -l | tr -d ' ')" 2
done
finish
