#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Ring -> collector -> LTTng -> babeltrace2: every record comes out once, with its own stamp, in the stream of its
# pCPU, with its fields; losses are exact and at their place. Skipped only where LTTng or babeltrace2 is missing.
set -eu
build=${builddir:-.}
for tool in lttng lttng-sessiond babeltrace2; do
	command -v $tool >/dev/null || { echo "skipped: no $tool (apt-get install lttng-tools babeltrace2)"; exit 77; }
done
# A world of its own for the session daemon, so that one that runs already is neither used nor disturbed.
if [ "$(id -u)" = 0 ] && [ -z "${PENUMBRA_OWN_WORLD:-}" ] && unshare -m true 2>/dev/null; then
	PENUMBRA_OWN_WORLD=1 exec unshare -m "$0" "$@"
fi
if [ -n "${PENUMBRA_OWN_WORLD:-}" ]; then
	mount --make-rprivate /
	mount -t tmpfs run /run
	mount -t tmpfs shm /dev/shm
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/penumbra-lttng.XXXXXX")
export LTTNG_HOME="$work/home" PENUMBRA_CLOCK="$work/clock"
plugins=$(cd "$build" && pwd)
export LTTNG_UST_CLOCK_PLUGIN="$plugins/penumbra-clock.so"
mkdir "$LTTNG_HOME"
session=pn-test-$$
daemon="" collector="" feeder=""
finish() {
	for pid in $collector $feeder $daemon; do kill -CONT "$pid" 2>/dev/null || true; kill "$pid" 2>/dev/null || true; done
	wait 2>/dev/null || true
	rm -rf "$work"
}
trap finish EXIT
fail() {
	echo "FAIL: $*"
	[ ! -s "$work/sessiond.log" ] || tail -n 5 "$work/sessiond.log"
	exit 1
}
until_true() { # TENTHS COMMAND...
	tries=$1
	shift
	while ! "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.1
	done
}

# As in dom0: the frequency must be known before the daemon reads its clock.
"$build/penumbra-collectd" --prepare --hz 2000000000 || fail "no time page"
lttng-sessiond --no-kernel >"$work/sessiond.log" 2>&1 &
daemon=$!
until_true 100 lttng -n list || fail "lttng-sessiond does not answer"
{
	lttng -n create $session --output="$work/ctf"
	lttng -n enable-channel --userspace --blocking-timeout=inf --subbuf-size=64k --num-subbuf=4 pn
	lttng -n enable-event --userspace --channel=pn 'penumbra:*'
	lttng -n start
} >"$work/lttng.log" 2>&1 || { cat "$work/lttng.log"; fail "no session"; }

possible=$(sed 's/.*-//' /sys/devices/system/cpu/possible)
pcpus=$((possible >= 1 ? 2 : 1))
mkfifo "$work/to_feeder"
"$build/tests/trace/feed" "$work" $pcpus <"$work/to_feeder" >"$work/feeder.out" &
feeder=$!
exec 3>"$work/to_feeder"
until_true 50 grep -q ready "$work/feeder.out" || fail "the feeder does not start"

rings=
p=0
while [ $p -lt $pcpus ]; do rings="$rings --ring $work/ring$p"; p=$((p + 1)); done
# shellcheck disable=SC2086
LTTNG_UST_GETCPU_PLUGIN="$plugins/penumbra-getcpu.so" LTTNG_UST_REGISTER_TIMEOUT=-1 \
	"$build/penumbra-collectd" $rings --window 4096 >"$work/totals" &
collector=$!
until_true 300 grep -q ready "$work/totals" || fail "the collector does not become ready"
echo $collector >&3
exec 3>&-
wait $feeder || fail "the feeder failed"
feeder=""
kill $collector
wait $collector || fail "the collector says that counts disagree: $(cat "$work/totals")"
collector=""
lttng -n stop >/dev/null
lttng -n destroy >/dev/null

grep -q '"agree":true' "$work/totals" || fail "the totals do not agree: $(cat "$work/totals")"
grep -q '"late":0,' "$work/totals" || fail "events were stamped late: $(cat "$work/totals")"
"${srcdir:-$(dirname "$0")/../..}/tests/trace/compare.sh" "$work/ctf" "$work/expected" || fail "the trace is wrong"
grep -q 'freq = 2000000000' "$work/ctf/ust/uid/"*/*/metadata || fail "the clock's frequency is not the one given"
echo "PASS: $(wc -l <"$work/expected") events on $pcpus pCPUs"
