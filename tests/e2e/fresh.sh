#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# fresh.sh RELEASE [COMMAND...]: a machine of that release of Debian ("bookworm", "trixie") that has nothing yet, and the two commands
# on it: ./penumbra run of a small suite, and tests that each release has to pass. With COMMAND, that instead, in the source tree there.
#
# Not part of `make check`: as root, with debootstrap and a network, some twenty minutes. The tree is kept below the build directory
# (or in FRESH), with the packages that were installed; the sources are copied anew and built from nothing each time, unless
# COMMAND is given. Mounts and processes are in name spaces of their own, so that none is left however this ends.
set -eu
usage() { echo "usage: $0 bookworm|trixie [COMMAND...]" >&2; exit 64; }
[ $# -ge 1 ] || usage
case $1 in bookworm | trixie) release=$1 ;; *) usage ;; esac
shift
fail() { echo "fresh $release: $*" >&2; exit 1; }
say() { echo "fresh $release: $*"; }
srcdir=$(cd "$(dirname "$0")/../.." && pwd)
base=${FRESH:-${PENUMBRA_BUILD:-$srcdir/build}/fresh}
tree=$base/$release
[ "$(id -u)" = 0 ] || fail "only root can make a tree with debootstrap and go into it"
command -v debootstrap >/dev/null || fail "no debootstrap: apt-get install debootstrap"

make_tree() {
	rm -rf "$tree"
	mkdir -p "$base"
	say "debootstrap into $tree"
	debootstrap --variant=minbase "$release" "$tree" >"$base/$release.log" 2>&1 || { tail -n 5 "$base/$release.log" >&2; fail "debootstrap failed"; }
	# No service is to start in there.
	printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d"
	chmod 755 "$tree/usr/sbin/policy-rc.d"
	# Nor is anything to be kept through a power cut.
	echo force-unsafe-io >"$tree/etc/dpkg/dpkg.cfg.d/unsafe-io"
	: >"$tree/.complete"
}
# What a clone would have; a distributed tree has no list of that, and nothing else either.
copy_sources() {
	rm -rf "$tree/penumbra"
	mkdir "$tree/penumbra"
	if [ -e "$srcdir/.git" ]; then
		(cd "$srcdir" && git ls-files -z | tar -cf - --null -T -)
	else
		(cd "$srcdir" && tar -cf - --exclude=./build --exclude=./results .)
	fi | tar -xf - -C "$tree/penumbra"
}
# inside COMMAND...: in the tree, as on a machine of its own
inside() {
	cp /etc/resolv.conf "$tree/etc/resolv.conf"
	unshare --mount --pid --fork --kill-child -- sh -eu -c '
		tree=$1
		shift
		mount -t proc proc "$tree/proc"
		mount -t sysfs -o ro sys "$tree/sys"
		mount -t tmpfs -o mode=755 dev "$tree/dev"
		for node in null zero full random urandom tty; do
			: >"$tree/dev/$node"
			mount --bind "/dev/$node" "$tree/dev/$node"
		done
		mkdir -p "$tree/dev/shm" "$tree/dev/pts"
		mount -t tmpfs -o mode=1777 shm "$tree/dev/shm"
		mount -t devpts -o newinstance,ptmxmode=666 pts "$tree/dev/pts"
		ln -s pts/ptmx "$tree/dev/ptmx"
		ln -s /proc/self/fd "$tree/dev/fd"
		exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=dumb \
			chroot "$tree" sh -c "cd /penumbra && exec \"\$@\"" sh "$@"' sh "$tree" "$@" </dev/null
}

[ -e "$tree/.complete" ] || make_tree
if [ $# -gt 0 ]; then
	[ -d "$tree/penumbra" ] || copy_sources
	inside "$@"
	exit
fi
copy_sources

failed=0
# step NAME COMMAND...: its output is shown as it comes
step() {
	what=$1
	shift
	say "$what"
	inside "$@" || { failed=$((failed + 1)); say "FAILED: $what"; }
}
step "./penumbra run" ./penumbra --yes run --recipe shadow2,adaptive,npt,native \
	--workload null-exit,demand-fault,fork-cow,linux-process,linux-process.2 --repeat 1 --output results/fresh
warnings=$(grep -c "\.[ch]:[0-9].*warning:" "$tree/penumbra/build.log" || true)
[ "$warnings" = 0 ] || { failed=$((failed + 1)); say "FAILED: the compiler warns $warnings times"; grep "\.[ch]:[0-9].*warning:" "$tree/penumbra/build.log" | head -n 5; }
cat "$tree/penumbra/results/fresh/results.csv" || failed=$((failed + 1))
step "./penumbra doctor" ./penumbra --yes doctor
# Of the tests, those that compilers, tools or QEMU of another release could break.
step "tests" make -C build -s check TESTS='tests/emul/native tests/emul/unit tests/hv/lib tests/trace/ring tests/bench/run tests/bench/front.sh tests/trace/lttng.sh tests/e2e/run.sh'
[ $failed = 0 ] || fail "$failed steps failed"
say "all is well, on $(inside sh -c '. /etc/os-release; echo "$PRETTY_NAME, $(gcc --version | head -n 1), $(qemu-system-x86_64 --version | head -n 1)"')"
