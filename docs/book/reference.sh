#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The runs that the book's figures are from: some ten minutes on two CPUs. `make docs RUN="reference reference-parts reference-traced"` then puts
# their figures into the book, and makes pages of its `./penumbra trace` commands.
#
# reference.sh [PENUMBRA]   PENUMBRA: the program, ./penumbra if left out
set -eu
penumbra=${1:-./penumbra}
next=''
[ "$(. /etc/os-release && echo "${VERSION_CODENAME:-}")" != bookworm ] || next='--qemu next' # the model needs QEMU 10

# The recipes of the story, in instructions, trips and modelled cycles.
# shadow2 with one part exchanged, by what that part is for; in instructions and trips.
# shellcheck disable=SC2086
$penumbra run $next --cycles --machine zen2-2019,nested-cloud --no-trace --repeat 1 --output results/reference \
	--recipe native,npt,npt-4k,vtlb,shadow1,xi,shadow2,shadow3,kvm,adaptive,hybrid \
	--workload null-exit,cr3-reload,invlpg,demand-fault,demand-fault-local,demand-fault-windows,demand-fault-windows-local,true-fault,map-batch,hypercall-batch,unmap-batch,fork-cow,fork-cow-local,context-switch,context-switch-local,compute,exec-exit,exec-exit-local,exit-teardown,pte-scan,recycle,linear-map,superpage-local,mode-switch,mmio,gups,gups-large,chase,changing,tlb-miss-and-fault
# shellcheck disable=SC2086
$penumbra run $next --no-trace --repeat 1 --output results/reference-parts \
	--recipe shadow2-fast,shadow2-guess,shadow2+last_writer,shadow2+rmap,shadow2+guest_flags,shadow2+guest_flags_mmio,shadow2+early,shadow2+batch,shadow2+direct,shadow2+read_protect,shadow2+clusters,shadow2+invlpg,shadow3-prefetch,shadow3-short,adaptive+clusters \
	--workload demand-fault,demand-fault-windows,true-fault,map-batch,unmap-batch,fork-cow,exec-exit,exit-teardown,pte-scan,recycle,linear-map,superpage-local,mode-switch,context-switch,cr3-reload,mmio,invlpg
# What `./penumbra trace` commands of the book show.
# shellcheck disable=SC2086
$penumbra run $next --repeat 1 --output results/reference-traced --recipe shadow2,shadow3,adaptive --workload fork-cow,exec-exit
