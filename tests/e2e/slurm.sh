#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A run as an array job of a real Slurm on this machine, all of whose daemons the test starts and ends: the rows are those of a run without it.
# Only in the long form; tests/bench/slurm.sh has what can go wrong, against a stand-in.
. "${srcdir:-.}/tests/common.sh"
[ -n "${PENUMBRA_LONG:-}" ] || skip_all "only by penumbra check --long"
[ "$(id -u)" = 0 ] || skip_all "Slurm's daemons need root"
for program in slurmctld slurmd sbatch munged; do
	PATH=$PATH:/usr/sbin command -v $program >/dev/null || skip_all "no $program: apt-get install slurmctld slurmd slurm-client munge"
done
need_images
PATH=$PATH:/usr/sbin
trap 'kill $(cat "$tmp"/*.pid 2>/dev/null) 2>/dev/null; sleep 1; rm -rf "$tmp"' EXIT
chmod 755 "$tmp"
mkdir -m 755 "$tmp/slurm"
dd if=/dev/urandom of="$tmp/munge.key" bs=1024 count=1 status=none
chmod 400 "$tmp/munge.key"
munged --force --key-file "$tmp/munge.key" --socket "$tmp/munge.socket" --pid-file "$tmp/munged.pid" --log-file "$tmp/munged.log" \
	--seed-file "$tmp/munge.seed"
is "munged starts" $? 0
host=$(hostname -s)
cat >"$tmp/slurm.conf" <<END
ClusterName=penumbra
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=26817
SlurmdPort=26818
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$tmp/munge.socket
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
StateSaveLocation=$tmp/slurm
SlurmdSpoolDir=$tmp/slurm/d
SlurmctldPidFile=$tmp/slurmctld.pid
SlurmdPidFile=$tmp/slurmd.pid
SlurmctldLogFile=$tmp/slurmctld.log
SlurmdLogFile=$tmp/slurmd.log
ReturnToService=2
MpiDefault=none
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=test Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
export SLURM_CONF="$tmp/slurm.conf"
slurmctld && slurmd
is "Slurm starts" $? 0
for _ in $(seq 60); do
	[ "$(sinfo -h -o %t 2>/dev/null)" != idle ] || break
	sleep 0.5
done
is "its machine is idle" "$(sinfo -h -o %t)" idle
[ "$failed" -eq 0 ] || { tail "$tmp"/*.log; finish; }

chosen="--recipe shadow2,npt,native --workload demand-fault,compute,context-switch --repeat 2 --no-trace"
bench_run "$tmp/here" $chosen
is "on one machine" $? 0
bench_run "$tmp/away" $chosen --slurm --partition test
is "as an array job" $? 0
has "the job is told" "$tmp/away.err" "Slurm's array job [0-9]+: 3 tasks"
sort "$tmp/here/results.csv" >"$tmp/here.csv"
sort "$tmp/away/results.csv" >"$tmp/away.csv"
check "the rows are the same" cmp "$tmp/here.csv" "$tmp/away.csv"
"$bench" compare "$tmp/here" "$tmp/away" >"$tmp/compared"
is "compare finds no difference" $? 0
has "in any figure" "$tmp/compared" ' 0 within 1 %, 0 better, 0 worse, 0 that cannot be told'

# With the machine model, whose figures come to the regions as they do here.
if (cd "$build" && "$srcdir/dom0/fetch-qemu.sh" qemu-next) >"$tmp/fetch" 2>&1; then
	modelled="--qemu next --cycles --machine zen2-2019,nested-cloud --recipe shadow2,npt,native --workload demand-fault --repeat 1 --no-trace"
	bench_run "$tmp/cycles-here" $modelled
	is "with cycles on one machine" $? 0
	bench_run "$tmp/cycles-away" $modelled --slurm
	is "with cycles as an array job" $? 0
	cycles() { items "$1" "$recipe || json_extract(value, '\$.regions[0].cycles')" | sort; }
	is "each region has its own" "$(cycles "$tmp/cycles-away")" "$(cycles "$tmp/cycles-here")"
	check "there are some" test "$(cycles "$tmp/cycles-away" | grep -c '"zen2-2019".*"nested-cloud"')" -eq 3
fi

bench_run "$tmp/stopped" $chosen --slurm &
for _ in $(seq 100); do
	sleep 0.3
	[ -z "$(squeue -h -t R)" ] || break
done
pkill -INT -f -- "--output $tmp/stopped --recipe"
wait
for _ in $(seq 40); do
	sleep 0.5
	[ -n "$(squeue -h)" ] || break
done
is "interrupted: Slurm has no job left" "$(squeue -h)" ""
"$bench" run --results "$tmp/results" --resume "$tmp/stopped" --slurm >"$tmp/again" 2>&1
is "resumed" $? 0
[ "$failed" -eq 0 ] || cat "$tmp/stopped.err" "$tmp/again"
sort "$tmp/stopped/results.csv" >"$tmp/stopped.csv"
check "the rows are the same then" cmp "$tmp/here.csv" "$tmp/stopped.csv"
finish
