#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A run as an array job, against a stand-in for Slurm that runs the tasks here, and one for QEMU: the whole gives what a run on one machine
# gives; tasks that die, a job that is interrupted, and a waiting process that is killed lose nothing that was finished.
. "${srcdir:-.}/tests/common.sh"
res=$tmp/results fake=$tmp/build
mkdir -p "$tmp/bin" "$tmp/slurm" "$res" "$fake/workloads" "$fake/kernels/cloud-amd64"
export PATH=$tmp/bin:$PATH FAKE_SLURM=$tmp/slurm
for image in penumbra-shadow2.elf penumbra-vtlb.elf dom0-initramfs.cpio kernels/cloud-amd64/vmlinuz; do
	echo "$image" >"$fake/$image"
done
for w in demand-fault compute null-exit; do
	echo "$w" >"$fake/workloads/$w.elf"
done

cat >"$tmp/bin/sbatch" <<'END'
#!/bin/bash
# Takes the job, or says why not; its tasks run at once. A task whose number stands in $FAKE_SLURM/die is ended at once.
[ ! -e "$FAKE_SLURM/refuse" ] || { echo "sbatch: error: invalid partition specified: $*" >&2; exit 1; }
for a in "$@"; do
	case $a in
	--array=0-*) last=${a#--array=0-} ;;
	--output=*) log=${a#--output=} ;;
	esac
	script=$a
done
cp "$script" "$FAKE_SLURM/script"
id=$((41 + $(ls -d "$FAKE_SLURM"/job-* 2>/dev/null | wc -l)))
mkdir "$FAKE_SLURM/job-$id"
for i in $(seq 0 "$last"); do
	(
		if grep -qx "$i" "$FAKE_SLURM/die" 2>/dev/null; then echo "slurmstepd: error: node failure" >"${log//%a/$i}"; exit; fi
		SLURM_ARRAY_TASK_ID=$i setsid sh "$script" >"${log//%a/$i}" 2>&1 </dev/null &
		echo $! >"$FAKE_SLURM/job-$id/$i"
		wait
		rm -f "$FAKE_SLURM/job-$id/$i"
	) >/dev/null 2>&1 &
	until [ -s "$FAKE_SLURM/job-$id/$i" ] || [ -s "${log//%a/$i}" ]; do sleep 0.02; done # Slurm knows a task before it says the number
done
echo "$id"
END
cat >"$tmp/bin/squeue" <<'END'
#!/bin/bash
for a in "$@"; do case $a in --jobs=*) id=${a#--jobs=} ;; esac; done
[ ! -e "$FAKE_SLURM/down" ] || { rm "$FAKE_SLURM/down"; echo "slurm_load_jobs error: Unable to contact slurm controller" >&2; exit 1; }
[ -d "$FAKE_SLURM/job-$id" ] || { echo "slurm_load_jobs error: Invalid job id specified" >&2; exit 1; }
for t in "$FAKE_SLURM/job-$id"/*; do [ ! -e "$t" ] || echo "$id"; done
END
cat >"$tmp/bin/scancel" <<'END'
#!/bin/bash
for t in "$FAKE_SLURM/job-$1"/*; do [ ! -e "$t" ] || kill -TERM -- -"$(cat "$t")"; done
END
chmod +x "$tmp"/bin/*

run() {
	name=$1
	shift
	timeout 300 "$bench" run --build "$fake" --results "$res" --output "$res/$name" --qemu "$srcdir/tests/bench/fake-qemu" \
		--recipe shadow2,vtlb --workload demand-fault,compute,null-exit --repeat 2 "$@" >"$tmp/$name.out" 2>"$tmp/$name.err"
}
go_on() {
	name=$1
	shift
	timeout 300 "$bench" run --build "$fake" --results "$res" --resume "$name" "$@" >"$tmp/$name.out" 2>"$tmp/$name.err"
}
states() { items "$res/$1" "$state" | sort | uniq -c | sed 's/^ *//' | paste -sd ' '; }
same() { sort "$res/$1/results.csv" | cmp -s - <(sort "$res/here/results.csv"); }

run here --jobs 2
is "on one machine" $? 0
run away --slurm
is "as an array job" $? 0
has "the job is told" "$tmp/away.err" "Slurm's array job 41: 2 tasks, "
check "the figures are the same" same away
is "so are the guest runs' states" "$(states away)" "$(states here)"
is "consoles and traces are in their place" "$(cd "$res/away" && find consoles traces -type f | sort)" "$(cd "$res/here" && find consoles traces -type f | sort)"
check "a report is made of the whole" test -s "$res/away/report.html"
check "nothing is left of the slices" test ! -e "$res/away/slices"
is "a run of its own in the index, tasks none" "$(sqlite3 "$res/index.sqlite" "SELECT group_concat(name) FROM (SELECT name FROM run ORDER BY name)")" "away,here"

# A task that dies.
echo 1 >"$tmp/slurm/die"
: >"$tmp/slurm/down"
run died --slurm
is "a task dies: exit code" $? 1
has "Slurm cannot be asked once: told" "$tmp/died.err" 'Slurm cannot be asked, and is asked again: .*Unable to contact'
has "the guests it had say why" "$res/died/results.json" 'its Slurm task ended before it'
check "its log stays" grep -q 'node failure' "$res/died/slices/0-1.log"
rm "$tmp/slurm/die"
"$bench" run --build "$fake" --results "$res" --resume died --slurm >"$tmp/again.out" 2>"$tmp/again.err"
is "resumed: exit code" $? 0
check "then the figures are the same" same died

# Interrupted: the job is cancelled, what had finished stays.
FAKE_MODE=slow run stopped --slurm &
pid=$!
for _ in $(seq 100); do
	sleep 0.2
	grep -qs '^{"items"' "$res"/stopped/slices/*/journal.jsonl && break
done
pkill -INT -f -- "--output $res/stopped --qemu"
wait $pid
is "interrupted: exit code" $? 130
has "interrupted: told" "$tmp/stopped.err" "ending Slurm's job"
is "interrupted: no task goes on" "$(pgrep -fc "$tmp/build.*--slice|--slice $res")" 0
check "interrupted: what had finished stays" test "$(items "$res/stopped" "$state" | grep -c finished)" -gt 0
go_on stopped --slurm
is "resumed: exit code" $? 0
check "resumed: the figures are the same" same stopped

# The process that waits is killed: the job goes on.
FAKE_MODE=slow run killed --slurm &
pid=$!
for _ in $(seq 100); do
	sleep 0.2
	[ -s "$res/killed/slices/job" ] && break
done
pkill -KILL -f -- "--output $res/killed --qemu"
wait $pid 2>/dev/null
while pgrep -f -- "--output $res/killed --qemu" >/dev/null; do sleep 0.1; done
go_on killed
is "resumed without --slurm while the job goes on: exit code" $? 3
has "and a sentence" "$tmp/killed.err" "Slurm's job [0-9]+ works on that run: .*scancel"
go_on killed --slurm
is "resumed with it: exit code" $? 0
has "it is waited for" "$tmp/killed.err" "goes on: waiting for it"
check "its figures are the same" same killed

# What Slurm says to a job that it does not take.
: >"$tmp/slurm/refuse"
run refused --slurm --partition nowhere
is "refused: exit code" $? 1
has "refused: Slurm's own words" "$tmp/refused.err" 'did not take the job: sbatch: error: invalid partition.*--partition=nowhere'
rm "$tmp/slurm/refuse"
# The user's own guest: tasks have its file and what was said of it.
echo kernel >"$tmp/mine.elf"
own() { run "$@" --workload compute --guest "$tmp/mine.elf" --cmdline "one two" --from begin --timeout 7; }
own own-here --jobs 2
is "an own guest on one machine" $? 0
own own-away --slurm
is "an own guest in an array job" $? 0
is "its guest runs are the same" "$(items "$res/own-away" "$recipe || $workload || $state" | sort)" "$(items "$res/own-here" "$recipe || $workload || $state" | sort)"
is "of it, too" "$(items "$res/own-away" "$workload" | grep -c mine)" 4
# With the machine model: tasks have its machines by their files, and its figures come to the regions that they are of.
: >"$fake/penumbra-model.so"
mkdir "$fake/machines" && cp "$srcdir/bench/machines/zen2-2019.machine" "$fake/machines"
mkdir "$tmp/it's"
sed 's/^memory_latency = .*/memory_latency = 900 # assumed/' "$srcdir/bench/machines/zen2-2019.machine" >"$tmp/it's/slow.machine"
modelled() { (cd "$tmp" && run "$@" --cycles --machine "./it's/slow.machine,zen2-2019"); }
modelled modelled-here --jobs 2
is "with cycles on one machine" $? 0
modelled modelled-away --slurm --sensitivity
is "with cycles in an array job" $? 0
has "a task is told the machines" "$tmp/slurm/script" "--cycles --machine '/[^ ]*/it'\\\\''s/slow.machine,/[^ ]*/zen2-2019.machine' --sensitivity"
cycles() { items "$res/$1" "$recipe || $workload || json_extract(value, '\$.regions[0].cycles')" | sort; }
check "there are cycles" test "$(cycles modelled-here | grep -c '"slow".*"zen2-2019"')" -ge 12
is "each region has its own" "$(cycles modelled-away)" "$(cycles modelled-here)"
check "what the model said is gathered" test "$(find "$res/modelled-away/cycles" -name '*.json' | wc -l)" -ge 2
is "and the run keeps its machines" "$(sqlite3 :memory: "SELECT group_concat(key) FROM json_each(readfile('$res/modelled-away/results.json'), '\$.machine.modelled')")" \
	"slow,zen2-2019"
run plain-away --slurm
check "without --cycles a task has no such option" test "$(grep -c cycles "$tmp/slurm/script")" -eq 0
# Slices that are none.
echo '{"boots": [], "guests": [{"name": "x", "image": "/x", "script": "/y", "memory_mib": 1, "vcpus": 1, "timeout_s": 1}]}' >"$tmp/slice"
"$bench" run --build "$fake" --slice "$tmp/slice" --output "$res/none" >"$tmp/none" 2>&1
is "a slice with a guest that is none: exit code" $? 1
has "and a sentence" "$tmp/none" 'is no slice of a run'
echo '{"boots": [{"label": "../x", "recipe": "shadow2", "items": []}]}' >"$tmp/slice"
"$bench" run --build "$fake" --slice "$tmp/slice" --output "$res/none" >"$tmp/none" 2>&1
is "a slice that is none: exit code" $? 1
has "a sentence" "$tmp/none" 'is no slice of a run'
finish
