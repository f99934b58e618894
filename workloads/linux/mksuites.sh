#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# mksuites.sh SOURCEDIR FETCHED SUITE REGION BUSYBOX OUTPUT.cpio: the initramfs of the guest linux-suites, from what fetch-suites.sh
# fetches to FETCHED. It is not compressed: every guest would spend a third of its boot on that. The host runs the same programs on the same input and leaves the checksums of what they made, so that the guest
# can compare. The same bytes every time.
set -eu
[ $# -eq 6 ] || { echo "usage: $0 SOURCEDIR FETCHED SUITE REGION BUSYBOX OUTPUT" >&2; exit 64; }
src=$1 suite=$3 region=$4 busybox=$5 out=$6
"$src/fetch-suites.sh" "$2"
fetched=$(cd "$2" && pwd)
from=$fetched/root
fail() { echo "mksuites: $*" >&2; exit 1; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
root=$tmp/root
mkdir -p "$root/bin" "$root/dev" "$root/proc" "$root/sys" "$root/tmp" "$root/lib64" "$root/lib/x86_64-linux-gnu" "$root/usr/bin" \
	"$root/usr/lib" "$root/usr/include" "$root/etc" "$root/suites"
ln -s ../../lib/x86_64-linux-gnu "$root/usr/lib/x86_64-linux-gnu"

# Libraries lie below /lib or, since Debian 13, all below /usr/lib.
library() {
	for place in "$from/lib/x86_64-linux-gnu" "$from/usr/lib/x86_64-linux-gnu"; do
		[ ! -e "$place/$1" ] || { echo "$place/$1"; return; }
	done
	fail "no package that was fetched has $1"
}
needs() { readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'; }
add_libraries() { # of an ELF file
	for name in $(needs "$1"); do
		[ -e "$root/lib/x86_64-linux-gnu/$name" ] && continue
		file=$(library "$name") || exit 1
		install -m 755 "$file" "$root/lib/x86_64-linux-gnu/$name"
		add_libraries "$root/lib/x86_64-linux-gnu/$name"
	done
}
for program in tcc xz zstd gzip sqlite3 hackbench stress-ng lua5.4; do
	file=$from/usr/bin/$program
	[ -e "$file" ] || file=$from/bin/$program
	[ -e "$file" ] || fail "no package that was fetched has $program"
	install -m 755 "$file" "$root/usr/bin/$program"
	add_libraries "$file"
done
ln -s ../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 "$root/lib64/ld-linux-x86-64.so.2"

# What tcc compiles with and links to.
lib=usr/lib/x86_64-linux-gnu
for file in crt1.o crti.o crtn.o libc.so libc_nonshared.a libm.so libm.a libmvec.so.1; do
	path=$(library "$file") || exit 1
	cp "$path" "$root/$lib/$file"
done
rm -f "$root/$lib/libm.so" # a script that names both libm and libmvec
ln -s libm.so.6 "$root/$lib/libm.so"
rm -f "$root/$lib/libm.a"
[ ! -e "$from/$lib/tcc" ] || cp -r "$from/$lib/tcc" "$root/$lib/tcc"
[ ! -e "$from/usr/lib/tcc" ] || cp -r "$from/usr/lib/tcc" "$root/usr/lib/tcc"

# The input: the source package's files.
mkdir "$root/suites/source"
tar xf "$fetched"/source/*.orig.tar.* -C "$root/suites/source" --strip-components 1
case $(ls "$fetched"/source/*.orig.tar.*) in
*.gz) gzip -dc "$fetched"/source/*.orig.tar.gz ;;
*) xz -dc "$fetched"/source/*.orig.tar.* ;;
esac >"$root/suites/input.full"
head -c 262144 "$root/suites/input.full" >"$root/suites/input.quick"
for file in "$src"/suites/*; do install -m 644 "$file" "$root/suites/"; done

# What the host makes. The guest's programs run here by the guest's own loader and libraries, each by a wrapper of its name.
host=$tmp/host
mkdir "$host"
# No link in it leads out of it: what is written there must never reach the machine's own files.
install -m 755 "$busybox" "$host/busybox"
for applet in sh sed seq sort head cat cp rm ln cmp; do printf '#!/bin/sh\nexec %s/busybox %s "$@"\n' "$host" $applet >"$host/$applet"; done
loader="$root/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 --library-path $root/lib/x86_64-linux-gnu"
for program in xz zstd gzip sqlite3 lua5.4 tcc; do
	more=
	[ $program != tcc ] || more="-nostdinc -MD -I$root/$lib/tcc/include -I$root/usr/lib/tcc/include -I$from/usr/include/x86_64-linux-gnu -I$from/usr/include"
	printf '#!/bin/sh\nexec %s %s %s "$@"\n' "$loader" "$root/usr/bin/$program" "$more" >"$host/$program"
done
# The linked program runs as the guest's; the host asks Debian's own Lua for its answer.
printf '#!/bin/sh\nexec ln -s %s lua\n' "$host/lua5.4" >"$host/linked"
chmod 755 "$host"/*
# What a build in which some files have changed compiles; of the others it has the objects, from the full form's build.
changed="lapi.c ldebug.c ldo.c lfunc.c lgc.c lmem.c lstate.c lstring.c ltable.c lzio.c"
echo "$changed" >"$root/suites/changed"
mkdir "$root/suites/objects"
for size in full quick; do
	for phase in tcc xz zstd gzip sqlite-memory sqlite-file pipes lua; do
		mkdir -p "$tmp/made/$phase"
		(cd "$tmp/made/$phase" && PATH=$host:/usr/bin BIN=$host SUITES=$root/suites LC_ALL=C LINK=$host/linked timeout 300 /bin/sh "$root/suites/$phase" $size) >"$tmp/log" 2>&1 ||
			fail "$phase fails on the host already: $(tail -n 1 "$tmp/log")"
		[ $phase != tcc ] || [ $size != full ] || cp "$tmp/made/tcc/src/"*.o "$root/suites/objects/"
		[ $phase != tcc ] || [ $size != full ] || cat "$tmp/made/tcc/src/"*.d | tr ' ' '\n' | grep "^$from/usr/include" | sort -u >"$tmp/headers"
		(cd "$tmp/made/$phase" && find . \( -name '*.o' -o -name packed -o -name answer \) | LC_ALL=C sort | xargs sha256sum) >"$root/suites/$phase.$size.sha256"
		rm -rf "$tmp/made"
	done
done

# Of the headers, those that the source includes.
(cd "$from" && sed "s|^$from/||; s|:\$||" "$tmp/headers" | cpio --quiet -pdm "$root")

(cd "$root/suites/objects" && rm $(echo "$changed" | sed 's/\.c\>/.o/g'))

# The two that take longest, and say nothing that the others do not, are the full form's.
echo vm mmap mremap fork fault pagemove tlb-shootdown >"$root/suites/stressors.quick"
echo vm mmap mremap fork fault madvise pagemove remap tlb-shootdown >"$root/suites/stressors.full"
install -m 755 "$src/suites-init" "$root/init"
install -m 755 "$busybox" "$root/bin/busybox"
"$busybox" --list | while read -r applet; do [ "$applet" = busybox ] || [ -e "$root/usr/bin/$applet" ] || ln -s busybox "$root/bin/$applet"; done
install -m 755 -s "$suite" "$root/bin/suite"
install -m 755 -s "$region" "$root/bin/penumbra-region"
find "$root" -exec touch -h -d @0 {} +
(cd "$root" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0 --reproducible) >"$tmp/cpio"
mv "$tmp/cpio" "$out"
