#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# `penumbra explain`: what it tells of an operation, from the engines as they are built; that what it counts is what each recipe is known
# for; and what it says to those who ask wrongly. No QEMU.
. "${srcdir:-.}/tests/common.sh"
export PENUMBRA_BUILD="$build"
for r in shadow1 shadow2 shadow3 vtlb; do
	[ -x "$build/penumbra-explain-$r" ] || { bad "penumbra-explain-$r is there"; finish; }
done
tell() { "$bench" explain "$@" >"$tmp/out" 2>"$tmp/err"; }
# sums <operation> <recipes> [phase]: "recipe trips page-faults bytes, ..." of the operation shown
sums() {
	"$bench" explain "$1" --recipe "$2" ${3:+--phase "$3"} --format json | jq -r '[.recipes[] | .recipe as $r | .phases[0] |
		"\($r) \(.operation_trips) \([.steps[] | (.count // 1) * ([.trips[] | select(.kind | startswith("pf_"))] | length)] | add) \(.operation_bytes)"] | join(", ")'
}

# The story of the papers: three faults and 24 KiB, three trips, two trips.
check "the seeds' story is told" tell demand-fault-windows --recipe shadow1,shadow2,shadow3
for sentence in 'shadow1 +trips 3, of them page faults 3; 24\.2 KiB' 'shadow2 +trips 3, of them page faults 3; 40 bytes' \
	'shadow3 +trips 2, of them page faults 2; 24 bytes' 'The guest.s table in frame 0x[0-9a-f]+ goes out of sync' 'comes back into sync: it is read again' \
	'The write is emulated: the guest.s table gets 0x[0-9a-f]+, not present' 'no more than that was pulled through' \
	'shadow L1\[334\]: empty -> frame 0x[0-9a-f]+, P RW US A D NX' 'the guest stops under shadow1, shadow2, and goes on under shadow3'; do
	has "it says: $sentence" "$tmp/out" "$sentence"
done
check "no colour where no terminal is" sh -c '! grep -q "$(printf "\033")" "$1"' - "$tmp/out"
escapes() { script -qec "$1" /dev/null | grep -c "$(printf '\033')"; }
if command -v script >/dev/null; then
	check "colour on a terminal" [ "$(escapes "$bench explain demand-fault --recipe shadow2")" -gt 5 ]
	is "none there with NO_COLOR" "$(escapes "env NO_COLOR=1 $bench explain demand-fault --recipe shadow2")" 0
else
	skip "colour on a terminal: there is no script(1) here"
fi
is "demand-fault" "$(sums demand-fault shadow1,shadow2,shadow3)" "shadow1 3 3 24792, shadow2 2 2 24, shadow3 2 2 24"
is "true-fault" "$(sums true-fault shadow1,shadow2,shadow3)" "shadow1 1 1 32, shadow2 1 1 8, shadow3 1 1 8"
is "fork-cow" "$(sums fork-cow shadow2,shadow3 cow)" "shadow2 2 2 24, shadow3 2 2 24"
is "context-switch: vtlb fills everything anew" "$(sums context-switch vtlb,shadow3)" "vtlb 35 34 2176, shadow3 1 0 0"
is "invlpg" "$(sums invlpg shadow2,shadow3)" "shadow2 1 0 0, shadow3 1 0 0"
is "map-batch: the mean of the phase" "$("$bench" explain map-batch --recipe shadow2,shadow3 --phase map --format json |
	jq -c '[.recipes[].phases[0] | [.ops, .trips]]')" "[[1022,1022],[1022,2]]"
# `mov %cr0,%eax`, and two writes to CR0; with EFER, CR3 and CR4 on the way, twice. A 32-bit guest has no EFER.
is "mode-switch: paging off and on" "$(sums mode-switch shadow2,shadow3 toggle)" "shadow2 3 0 0, shadow3 3 0 0"
is "mode-switch: to PAE and back" "$(sums mode-switch shadow3 visit | cut -d' ' -f1-3)" "shadow3 15 0"
is "mode-switch: a PAE guest to two levels and back" "$("$bench" explain mode-switch --levels 3 --phase visit --recipe shadow2 --format json |
	jq -c '.recipes[0].phases[0] | [.operation_trips, ([.steps[] | select(.trips != []) | .do] | unique)]')" '[9,["cr0","cr3","cr4","read_cr0"]]'
is "cr3-reload" "$(sums cr3-reload shadow2,kvm)" "shadow2 1 0 0, kvm 1 0 0"
is "hypercall-batch: 256 entries a trip, and one that resyncs nothing" "$("$bench" explain hypercall-batch --recipe shadow2,shadow3 --phase map --format json |
	jq -c '[.recipes[].phases[0] | [.ops, .trips]]')" "[[1022,5],[1022,4]]"
is "hypercall-batch: a root is announced" "$("$bench" explain hypercall-batch --recipe shadow2 --phase spaces --format json |
	jq -c '[.recipes[0].phases[0].steps[] | select(.trips[0].kind == "hypercall") | .do]')" '["mmu_update","pin_root","unpin_root"]'
# The entry, INVLPG, three accesses to the local APIC, INVLPG and the end of the interrupt on the other CPU, and the entry again.
is "smp-shootdown: by both CPUs" "$("$bench" explain smp-shootdown --recipe shadow2 --phase unmap --format json |
	jq -c '.recipes[0].phases[0] | [.trips, ([.steps[] | select(.trips != []) | "\(.cpu) \(.trips[0].kind)"])]')" \
	'[4000,["0 pf_emulate","0 invlpg","0 pf_mmio","0 pf_mmio","0 pf_mmio","1 invlpg","1 pf_mmio","0 pf_emulate"]]'
is "linear-map with a kernel half of 2 GiB" "$("$bench" explain linear-map --levels 2 --phase extend --recipe shadow2,shadow1 --format json |
	jq -c '[.recipes[].phases[0].trips]')" "[16,24]"
is "pte-scan: a locked AND is emulated" "$(sums pte-scan shadow2,shadow3 clear)" "shadow2 1 1 8, shadow3 0 0 0"
is "mmio: a device" "$(sums mmio shadow2,shadow2-fast read)" "shadow2 1 1 112, shadow2-fast 1 1 16"
is "exec-exit: trips of the phase" "$("$bench" explain exec-exit --recipe shadow3 --format json | jq -c '.recipes[0].phases[0] | [.ops, .trips]')" "[100,7500]"
is "the operation's steps have the operation's trips" "$("$bench" explain exec-exit --recipe shadow2 --format json |
	jq '.recipes[0].phases[0] | ([.steps[] | (.count // 1) * (.trips | length)] | add) == .operation_trips')" true
is "unmap-batch: what the reload costs" "$(sums unmap-batch shadow3 reload)" "shadow3 1 0 24592"
for n in 2 3 5; do
	is "$n levels: two trips under shadow2" "$("$bench" explain demand-fault --recipe shadow2 --levels $n --format json |
		jq -c '[.levels, .recipes[0].phases[0].operation_trips, (.recipes[0].phases[0].steps[0].before.guest | length)]')" "[$n,$([ $n -eq 3 ] && echo 3 || echo 2),$n]"
done

# All recipes that are built, all operations; other numbers of levels under three recipes, or all of them. The explainer audits each.
operations=$(sed -n 's/^OPERATION([^,]*, *"\([^"]*\)", *\([2-5]*\)).*/\1:\2/p' "$srcdir/workloads/explained.def")
is "operations are found" "$(echo "$operations" | wc -l | tr -d ' ')" "$(grep -c '^OPERATION' "$srcdir/workloads/explained.def")"
for r in "$build"/penumbra-explain-*; do
	r=${r##*/penumbra-explain-}
	wanted=4
	case $r in shadow1 | shadow3 | adaptive) wanted=2345 ;; esac
	[ -z "${PENUMBRA_LONG:-}" ] || wanted=2345
	name=$(sed -n "s/^[A-Z]*($r, *\"\([^\"]*\)\".*/\1/p" "$srcdir/policies/recipes.def")
	for operation in $operations; do
		for n in $(echo "${operation#*:}" | sed "s/[^$wanted]//g; s/./& /g"); do
			tell "${operation%:*}" --levels "$n" --recipe "$name" --format markdown && [ -s "$tmp/out" ] && [ ! -s "$tmp/err" ] ||
				bad "${operation%:*} under $r with $n levels: $(cat "$tmp/err")"
		done
	done
	ok "$r explains every operation"
done
# The same is told every time, and other operations of a phase can be asked for.
"$bench" explain fork-cow --format json >"$tmp/a"
"$bench" explain fork-cow --format json >"$tmp/b"
check "it is told the same twice" cmp "$tmp/a" "$tmp/b"
is "the first operation" "$("$bench" explain demand-fault --recipe shadow2 --nth 1 --format json | jq .recipes[0].phases[0].operation)" 1
is "beyond the last: that" "$("$bench" explain demand-fault --recipe shadow2 --nth 5000 --format json | jq .recipes[0].phases[0].operation)" 1000

# wrong <exit code> <pattern of the message> <arguments>...
wrong() {
	code=$1 pattern=$2
	shift 2
	tell "$@"
	is "explain $*: exit code" $? "$code"
	has "explain $*: its sentence" "$tmp/err" "$pattern"
}
wrong 2 'explain which operation\?'
wrong 2 'there is no operation "demand-falt": it is one of demand-fault' demand-falt
wrong 2 'linux-process cannot be explained: what it does is not seen step by step' linux-process
wrong 2 'there is no recipe "shadow9"' demand-fault --recipe shadow9
wrong 2 'npt has no shadow tables' demand-fault --recipe npt
wrong 2 'hybrid is switched by what it measures' demand-fault --recipe hybrid
wrong 2 'kvm-npt0 has no shadow tables' demand-fault --recipe kvm-npt0
wrong 2 'needs one number from 2 to 5, not "6"' demand-fault --levels 6
wrong 2 'needs one number from 2 to 5, not "2,3"' demand-fault --levels 2,3
wrong 2 'fork-cow-pae has no form that can be explained with 4 levels' fork-cow-pae
wrong 2 'smp-shootdown has no form that can be explained with 2 levels' smp-shootdown --levels 2
wrong 2 'fork-cow has no phase "cwo": it has protect, cow, cow-invlpg' fork-cow --phase cwo
wrong 2 'takes one operation, not also "fork-cow"' demand-fault fork-cow
wrong 2 'format is one of' demand-fault --format pdf
wrong 2 'nth needs a whole number' demand-fault --nth 0
wrong 1 'there is no run "none"' demand-fault --run none
wrong 2 'cycles is for --bare' demand-fault --cycles
wrong 2 'qemu is for --bare' demand-fault --qemu next
wrong 1 'No such file|cannot|could not' demand-fault --output "$tmp/none/x"
mkdir "$tmp/empty"
wrong 1 'is not there; .make penumbra-explain-shadow2. in the build directory' demand-fault --recipe shadow2 --build "$tmp/empty"
printf '#!/bin/sh\necho {\n' >"$tmp/empty/penumbra-explain-shadow2"
chmod +x "$tmp/empty/penumbra-explain-shadow2"
wrong 1 'what the explainer says cannot be read' demand-fault --recipe shadow2 --build "$tmp/empty"
printf '#!/bin/sh\nkill -SEGV $$\n' >"$tmp/empty/penumbra-explain-shadow2"
wrong 1 'ended with signal 11' demand-fault --recipe shadow2 --build "$tmp/empty"
rm "$tmp/empty/penumbra-explain-shadow2"
ln -s "$build/penumbra-explain-shadow2" "$tmp/empty/"
wrong 1 'what happens in the hypervisor could not be measured' demand-fault --recipe shadow2 --bare --build "$tmp/empty"
has "what was told is shown all the same" "$tmp/out" 'shadow2 +trips 2, of them page faults 2;'
check "no directory stays" sh -c '! ls -d "$1"/penumbra-explain-* 2>/dev/null' - "$tmp"

# A guest that stands: whoever ends the command ends the run that it has begun, and neither a directory nor a row of it stays.
mkdir -p "$tmp/empty/kernels/cloud-amd64" "$tmp/empty/workloads"
for f in penumbra-shadow2.elf kernels/cloud-amd64/vmlinuz workloads/demand-fault.elf; do
	echo x >"$tmp/empty/$f"
done
printf 'abcde' >"$tmp/empty/dom0-initramfs.cpio"
FAKE_MODE=hang:demand-fault "$bench" explain demand-fault --recipe shadow2 --bare --qemu "$srcdir/tests/bench/fake-qemu" --build "$tmp/empty" \
	--results "$tmp/kept" >"$tmp/out" 2>"$tmp/err" &
told=$!
until [ -n "$(find "$tmp" -path '*/penumbra-explain-*/run/journal.jsonl')" ] || ! kill -0 "$told" 2>/dev/null; do sleep 0.1; done
sleep 1
kill -TERM "$told"
wait "$told"
is "explain --bare that is ended while it measures: exit code" $? 130
has "it says so" "$tmp/err" '^penumbra: interrupted$'
check "nobody is told to go on with what is gone" sh -c '! grep -Eq -- "--resume|results:" "$1"' - "$tmp/err"
check "no directory stays of it either" sh -c '! ls -d "$1"/penumbra-* 2>/dev/null' - "$tmp"
FAKE_MODE=ok "$bench" explain demand-fault --recipe shadow2 --bare --qemu "$srcdir/tests/bench/fake-qemu" --build "$tmp/empty" \
	--results "$tmp/kept" >"$tmp/out" 2>"$tmp/err"
has "one that is measured" "$tmp/err" '[0-9]+ of [0-9]+ guest runs finished'
check "is in no index" test ! -e "$tmp/kept/index.sqlite"
check "the explainer itself refuses" sh -c '! "$1" demand-fault 9 "" 32 0 0 0 2>/dev/null' - "$build/penumbra-explain-shadow2"
finish
