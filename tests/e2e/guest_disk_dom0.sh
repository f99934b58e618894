#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Runs in dom0 (tests/e2e/guest_disk.sh puts it there): a Linux guest's disk. Lines "selftest: ..." as in control_selftest.sh.
cd /tmp
ctl=penumbra-ctl
dir=/selftest
ok() { echo "selftest: ok $*"; }
bad() { echo "selftest: not ok $*"; }
check() { what=$1; shift; if "$@"; then ok "$what"; else bad "$what"; fi; }
is() { if [ "$2" = "$3" ]; then ok "$1"; else bad "$1: \"$2\", not \"$3\""; fi; }
did() { grep -q "^@did $1" console || { bad "$what: the guest did $1: $(tail -n 5 console)"; return 0; }; ok "$what: the guest did $1"; }

# guest WHAT IMAGE OPTION...: a guest with the image as its disk, until its end; its console. $id stays.
guest() {
	what=$1 image=$2
	shift 2
	id=$($ctl create "$what" --memory 128) && $ctl disk "$id" "$image" "$@" &&
		$ctl load "$id" $dir/vmlinux --initrd $dir/initrd --cmdline "console=ttyS0,115200 loglevel=3 acpi=off pnpbios=off noapic nolapic nosmp nokaslr norandmaps tsc=reliable panic=-1 8250.nr_uarts=1 test=$what" &&
		$ctl start "$id" || bad "$what: it does not start"
	timeout 120 $ctl console "$id" --follow | tr -d '\r' >console
	did end
	$ctl list | grep -q " $what .*code 0" || bad "$what: it does not end well: $($ctl list)"
	is "$what: audit" "$($ctl audit "$id" | tail -n 1)" "0 faults"
	echo "selftest: figure $what: $($ctl stat "$id" | grep '^disk ')"
}

image=$($ctl image $dir/disk) || bad "no image"
guest write "$image" --mode rw
is "the guest reads what the file holds" "$(sed -n 's/^@did raw //p' console)" "$(md5sum <$dir/disk | cut -c 1-32)"
did mount
did make
did umount
check "the disk is saved" sh -c "$ctl disk-save $id /out/saved >saved.txt"
check "no request failed" grep -q ' 0 failed' saved.txt
echo "selftest: figure $(cat saved.txt)"
check "an image in use stays" sh -c "! $ctl image-free $image 2>err.txt && grep -q 'uses the image' err.txt"
$ctl destroy "$id"
check "and goes when it is not" $ctl image-free "$image"

image=$($ctl image $dir/disk) || bad "no image"
guest fill "$image" --room 2
did mount
did fail
did given
$ctl disk-save "$id" /tmp/copy >saved.txt
check "some requests failed" grep -q ' [1-9][0-9]* failed' saved.txt
$ctl destroy "$id"

guest read "$image" --mode ro --bad 16+2
did fail
did first
did bad
did behind
$ctl disk-save "$id" /tmp/copy >saved.txt
check "the image is as it was" cmp $dir/disk /tmp/copy
$ctl destroy "$id"
echo "selftest: done"
