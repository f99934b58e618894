#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# dom0's initramfs on its own kernel in QEMU, without the hypervisor: with a suite it says that there is no device and
# powers off; with a self-test appended, LTTng and the collector work in it, and the trace comes out on the disk.
set -eu
build=${builddir:-.}
for tool in qemu-system-x86_64 babeltrace2 cpio; do
	command -v $tool >/dev/null || { echo "skipped: no $tool (apt-get install qemu-system-x86 babeltrace2 cpio)"; exit 77; }
done
work=$(mktemp -d "${TMPDIR:-/tmp}/penumbra-dom0.XXXXXX")
trap 'rm -rf "$work"' EXIT
fail() {
	echo "FAIL: $*"
	tail -n 20 "$work/log"
	exit 1
}
boot() { # DIRECTORY TO APPEND
	(cd "$1" && find . | cpio -o -H newc --quiet) >"$work/more.cpio"
	cat "$build/dom0-initramfs.cpio" "$work/more.cpio" >"$work/initrd"
	rm -f "$work/disk"
	truncate -s 64M "$work/disk"
	timeout 300 qemu-system-x86_64 -accel tcg -machine q35 -cpu EPYC,-smap,-monitor -smp 2 -m 512M -display none -nodefaults \
		-no-reboot -monitor none -icount shift=0,sleep=off -seed 1 -rtc base=2024-01-01T00:00:00,clock=vm \
		-kernel "$build/kernels/cloud-amd64/vmlinuz" -initrd "$work/initrd" \
		-append "console=ttyS1 nolapic_timer tsc=reliable maxcpus=1 quiet" -serial null -serial file:"$work/log" \
		-drive file="$work/disk",if=virtio,format=raw,cache=unsafe 2>"$work/qemu.err" ||
		{ cat "$work/qemu.err"; fail "QEMU ended with $?: dom0 did not power off"; }
}

size=$(stat -c %s "$build/dom0-initramfs.cpio")
[ "$size" -lt 40000000 ] && [ $((size % 512)) -eq 0 ] || { echo "FAIL: the initramfs has $size bytes"; exit 1; }

mkdir -p "$work/a/suite"
echo '{"recipe":"shadow2","items":[]}' >"$work/a/suite/plan.json"
boot "$work/a"
grep -q 'no Penumbra device.*is this dom0?' "$work/log" || fail "a missing device is not reported"
grep -q '^@pn {"e":"done"}$' "$work/log" || fail "the suite does not say that it is done"
tar tf "$work/disk" >"$work/list" 2>&1 || fail "the disk holds no tar archive"

mkdir -p "$work/b/selftest"
cp "$build/tests/trace/feed" "$work/b/selftest/trace_feed"
cat >"$work/b/selftest/run" <<'RUN'
#!/bin/sh
set -e
cd /out
{
	lttng -n create self --output=/out/ctf
	lttng -n enable-channel --userspace --blocking-timeout=inf --subbuf-size=64k --num-subbuf=4 pn
	lttng -n enable-event --userspace --channel=pn 'penumbra:*'
	lttng -n start
} >/tmp/lttng.txt 2>&1 || { cat /tmp/lttng.txt; exit 1; }
mkfifo /tmp/feeder
/selftest/trace_feed /out 2 </tmp/feeder >/tmp/feeder.txt &
feeder=$!
exec 3>/tmp/feeder
until grep -q ready /tmp/feeder.txt; do sleep 0.05; done
LTTNG_UST_REGISTER_TIMEOUT=-1 penumbra-collectd --ring ring0 --ring ring1 --window 4096 >/tmp/totals.txt &
collector=$!
until grep -q ready /tmp/totals.txt; do sleep 0.05; done
echo $collector >&3
exec 3>&-
wait $feeder
kill $collector
wait $collector && echo "selftest: counts agree"
lttng -n stop >/dev/null
lttng -n destroy >/dev/null
rm ring0 ring1
RUN
chmod +x "$work/b/selftest/run"
boot "$work/b"
grep -q '^selftest: counts agree$' "$work/log" || fail "the collector does not work in dom0"
mkdir "$work/out"
tar xf "$work/disk" -C "$work/out" || fail "the disk holds no tar archive"
"${srcdir:-$(dirname "$0")/../..}/tests/trace/compare.sh" "$work/out/ctf" "$work/out/expected" || fail "the trace is wrong"
echo "PASS: initramfs of $size bytes, $(wc -l <"$work/out/expected") events through LTTng in dom0"
