#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Linux as a guest that uses SMEP, SMAP and UMIP, on a machine that has them: its processes run, its tables stay in step, and dom0
# gets along with them too. Measuring runs are made on a machine without SMAP, so that their figures can be compared with older ones.
. "${srcdir:-.}/tests/common.sh"
need_images
[ $# -gt 0 ] || set -- shadow2 npt

# QEMU with other CPU options than the program gives it.
cat >"$tmp/qemu" <<'END'
#!/bin/bash
exec qemu-system-x86_64 "${@/,-smap,/,+smap,+umip,}"
END
chmod +x "$tmp/qemu"
"$tmp/qemu" -accel tcg -machine none -cpu EPYC,+svm,-smap,-monitor -version >/dev/null || bad "the emulator starts by another name"

bench_run "$tmp/one" --recipe "$(echo "$*" | tr ' ' ,)" --workload linux-protected --repeat 1 --no-trace --no-report --qemu "$tmp/qemu"
is "the run succeeds" $? 0
for r in "$@"; do
	is "$r: $(items "$tmp/one" "$recipe, $state, $reason" | grep "^$r|")" "$(items "$tmp/one" "$recipe, $state" | grep "^$r|")" "$r|finished"
	console=$(find "$tmp/one/consoles/$r" -name 'linux-protected*' | head -n 1)
	has "$r: the kernel uses all three" "${console:-/dev/null}" '^@features smep smap umip'
	has "$r: its processes ran" "${console:-/dev/null}" '^@region shell [1-9]'
done
is "the audits find nothing" "$(items "$tmp/one" "sum($audit)" | tr -d ' ')" 0
finish
