#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# docs/workloads.md, from the list of workloads and the phases that each names in its source.
#
# mkworkloads.sh [SRCDIR] >workloads.md
set -eu
cd "${1:-$(dirname "$0")/..}"

# The phases that a workload measures, in the order of its source; those of a header that it shares come first. Linux's are what its first process calls.
phases() {
	files=$1
	case $1 in
	set:*)
		sed -n "s/^${1#set:}  *\\([^ ]*\\) .*/\`\\1\`/p" workloads/linux/suites/phases | tr '\n' ' ' | sed 's/ $//; s/ /, /g'
		return
		;;
	esac
	for h in $(sed -n 's/^#include "\(lib\/[a-z]*\.h\)"/\1/p' "$1"); do files="workloads/$h $files"; done
	sed -n 's/.*snprintf(phase, sizeof(phase), "\([^"]*\)".*/`\1`/; /^`/{s/%l*u/N/g; p}; s/.*region_begin("\([^"]*\)").*/`\1`/p; s/^\trun("\([a-z-]*\)",.*/`\1`/p; s/^[[:space:]]*\$suite run \([a-z-]*\) .*/`\1`/p; s/^[[:space:]]*\$suite \([a-z]*-[a-z-]*\) "\$(count.*/`\1`/p' $files | awk '!seen[$0]++' | tr '\n' ' ' | sed 's/ $//; s/ /, /g'
}
row() { # NAME FILE KIND COMMANDLINE TEXT LEVELS
	src=workloads/$2.c
	[ "$3" = pvh ] || src=workloads/linux/init
	[ "$2" != linux-suites ] || src=set:quick
	[ "$2" != linux-long ] || src=set:$(echo "$4" | sed 's/.*suites.set=//')
	args=$4
	[ "$3" = pvh ] || args=
	[ -z "$args" ] || args="\`$args\`"
	echo "| \`$1\` | $5 | $(phases "$src") | $(echo "$6" | sed 's/./&, /g; s/, $//') | $args |"
}

cat <<'END'
# Workloads

Made by `docs/mkworkloads.sh` from `workloads/workloads.def`, `workloads/hostile.def` and the sources: change those, then run
`make docs`. A test holds this page current.

A workload is a guest that does one thing many times. It warms up, measures between `region_begin()` and `region_end()`, and then
proves that what it did had its effect; otherwise it fails, and the report lists it as not finished. Inside a
measured region every other pCPU stands still, so that the figure counts only the guest and the hypervisor on its behalf.
The same image runs under every shadow recipe, under nested paging, and natively.

    ./penumbra run --workload demand-fault,fork-cow --recipe shadow2,native

## Measured

Bare-metal guests with one vCPU, `smp-*` with two or four. Each is one source that gives a form for every number of levels of page tables: 2 and 3 (PAE) are
32-bit code, 4 and 5 (LA57) 64-bit. The default run measures the 4-level forms, `--suite full` all; `--levels 2,3` chooses. In
messages and reports a form other than the 4-level one carries its levels: `demand-fault.2` is the workload `demand-fault` with two. `results.csv`
has the guest's and the shadow's levels in columns. The command line can be changed in `workloads/workloads.def`.

| workload | what it does | phases | levels | command line |
| --- | --- | --- | --- | --- |
END
sed -n 's/^WORKLOAD(\([^,]*\), "\([^"]*\)", \([a-z]*\), \([0-9]*\), "\([^"]*\)", [0-9]*, [0-9]*, [a-z]*, "\([^"]*\)")$/\2\t\1\t\3\t\4\t:\5\t\6/p' workloads/workloads.def |
	while IFS="$(printf '\t')" read -r name file kind levels args text; do row "$name" "$file" "$kind" "${args#:}" "$text" "$levels"; done

cat <<'END'

`linux-process` is Debian's unmodified kernel (686 with two levels, 686-pae with three, amd64 with four, and five where the CPU has
LA57; the i386 packages come by package lists of their own below the build directory, and what cannot be had is left out
with a message) with an initramfs that forks (100 times), forks and executes (60), maps, touches and
unmaps 64 pages (100), and runs a shell's loop (20); it also reports how far the TSC was when its first process began. The kernel's
command line is in `workloads/workloads.def`. `linux-smp` and `linux-smp-quad` are the same kernel on two and four vCPUs. There is no I/O APIC: the
interrupt controllers reach the first CPU by its local APIC, as the MP table says, and the command line says so once more (`noapic`).

    ./penumbra run --workload linux-process --levels 2,3,4,5     # the four kernels under every recipe
    ./penumbra run --workload linux-smp

`linux-suites` runs Debian's own programs from one initramfs (`workloads/linux/suites/`), each as a phase; what they made is compared with what the host
made of the same input when the image was built. Its form on the default run is short: the build that it compiles is one in which ten of
Lua's files have changed, the compressors have a quarter of a megabyte, sqlite 1200 rows, and `stress-madvise` and `stress-remap` are left out.
The default run has it under the recipes that `bench/data/quick.def` names.

The guests of the full suite after it have more of them, for longer, from a disk: an ext4 file system with Debian's gcc, make, redis and
perf besides (`make linux-long` makes it, and so does a run that names one of them). Each runs one set of the table
`workloads/linux/suites/phases`, which says where a phase works: in memory, on the disk, or on the disk with nothing of it in memory
(`gcc-cold`). redis has to give the answers that the host's gave, saves by a fork while clients write, and a second server must load the same
data set; of perf bench only what it says that it did can be compared.

    ./penumbra run --workload linux-compile,linux-database --recipe shadow2,adaptive,npt

Natively a phase that waits for the disk has its waiting in its figure: QEMU's clock runs on meanwhile, by as much as the host takes. Under every
recipe the hypervisor serves the disk at once. So `gcc-cold` and `sqlite-disk` are to be compared with `npt` and not with `native`; all other
phases find their programs in memory.

All else stands still while such a guest runs, from its start to its end and not in measured regions alone, and its clock begins with it. Otherwise dom0,
beside its boot, would move its timer's interrupts to other instructions, other each time; its programs' pages and page tables would lie in other
frames, and regions would differ from run to run: by some hundredths of a per cent mostly, under `shadow2`, where it matters most what a frame was
before, by several. Linux on two CPUs, and traced passes, are not alone; what varies is marked (`VARIES`), and `compare` judges it by intervals.

### Several CPUs

A figure of a guest with several vCPUs is the sum of what all of them execute, and the hypervisor for them.

QEMU counts instructions by running all CPUs on one thread, in turns that end when a timer anywhere is due. So under QEMU the
hypervisor gives the vCPUs of a domain turns itself (`hv/domain/turns.h`): one passes its turn on when it halts, when it says by `PAUSE` that it
waits, and when it is over (40 microseconds in a measured region, 320 outside) if another one wants to run. A vCPU that computes starves nobody,
and who runs when hangs on the guest alone: the bare-metal workloads' figures repeat to the digit. On a machine whose CPUs run at once there are no turns, and nothing repeats so.

- What passing a turn costs is in no figure: no hardware does it. Its trips are counted as `emulator`, and the guests' TSCs do not count
  them in measured regions.
- A vCPU that is interrupted by another one is never in the guest at that moment. On hardware most often it is, and an exit more.
- Natively QEMU alone gives the turns: `PAUSE` and `HLT` pass one on, and whoever computes keeps it for up to a tenth of a second. `smp-compute` says on
  its console how far the others were when the first CPU was done.
- Linux's figures vary with several CPUs as they do with one, for the reason above.

## Hostile

For tests only: guests that break rules, and images that are none. Whatever they do, dom0 and the next guest go on.

| guest | what it does | how it ends |
| --- | --- | --- |
END
sed -n 's/^HOSTILE([^,]*, "\([^"]*\)", [a-z]*, "[^"]*", [0-9]*, [0-9]*, \([a-z]*\), "[^"]*", "\([^"]*\)")$/| `\1` | \3 | \2 |/p' workloads/hostile.def |
	sed 's/| crashed |$/| the domain is crashed, with a reason |/; s/| timeout |$/| it is stopped when its time is over |/; s/| refused |$/| the load command refuses it |/; s/| any |$/| by itself, one way or another |/; s/| finished |$/| well, having checked what it did |/'
