#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# mksuites.sh quick|full ARCH SOURCEDIR FETCHED SUITE REGION BUSYBOX OUTPUT: what the guests of Debian's programs have, from what fetch-suites.sh
# fetches to FETCHED. The host runs the same programs on the same input and leaves the checksums of what they made, so that the guest
# can compare. quick: an initramfs, not compressed, since every guest would spend a third of its boot on that. full: a disk's ext4 file
# system. The same bytes every time.
set -eu
[ $# -eq 8 ] || { echo "usage: $0 quick|full ARCH SOURCEDIR FETCHED SUITE REGION BUSYBOX OUTPUT" >&2; exit 64; }
size=$1 arch=$2 src=$3 suite=$5 region=$6 busybox=$7 out=$8
"$src/fetch-suites.sh" "$4" "$size" "$arch"
fetched=$(cd "$4" && pwd)
from=$fetched/root
case $arch in
amd64) triplet=x86_64-linux-gnu gnu=x86_64-linux-gnu ld=ld-linux-x86-64.so.2 lib_ld=lib64 ;;
i386) triplet=i386-linux-gnu gnu=i686-linux-gnu ld=ld-linux.so.2 lib_ld=lib ;;
esac
programs="tcc xz zstd gzip sqlite3 hackbench stress-ng lua5.4"
[ "$size" = quick ] || programs="$programs make redis-server redis-cli redis-benchmark perf"
fail() { echo "mksuites: $*" >&2; exit 1; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
root=$tmp/root
mkdir -p "$root/bin" "$root/dev" "$root/proc" "$root/sys" "$root/tmp" "$root/work" "$root/$lib_ld" "$root/lib/$triplet" "$root/usr/bin" \
	"$root/usr/lib" "$root/usr/include" "$root/etc" "$root/suites"
ln -s ../../lib/$triplet "$root/usr/lib/$triplet"

# Libraries lie below /lib or, since Debian 13, all below /usr/lib.
library() {
	for place in "$from/lib/$triplet" "$from/usr/lib/$triplet"; do
		[ ! -e "$place/$1" ] || { echo "$place/$1"; return; }
	done
	fail "no package that was fetched has $1"
}
needs() { readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'; }
add_libraries() { # of an ELF file
	for name in $(needs "$1"); do
		[ -e "$root/lib/$triplet/$name" ] && continue
		file=$(library "$name") || exit 1
		install -m 755 "$file" "$root/lib/$triplet/$name"
		add_libraries "$root/lib/$triplet/$name"
	done
}
for program in $programs; do
	file=$from/usr/bin/$program
	[ -e "$file" ] || file=$from/bin/$program
	[ -e "$file" ] || fail "no package that was fetched has $program"
	[ ! -L "$file" ] || file=$(dirname "$file")/$(readlink "$file")
	install -m 755 "$file" "$root/usr/bin/$program"
	add_libraries "$file"
done
ln -s "../lib/$triplet/$ld" "$root/$lib_ld/$ld"

# What tcc compiles with and links to.
lib=usr/lib/$triplet
for file in crt1.o Scrt1.o crti.o crtn.o libc.so libc_nonshared.a libm.so libm.a libmvec.so.1; do
	path=$(library "$file") || exit 1
	cp "$path" "$root/$lib/$file"
done
rm -f "$root/$lib/libm.so" # a script that names both libm and libmvec
ln -s libm.so.6 "$root/$lib/libm.so"
rm -f "$root/$lib/libm.a"
[ ! -e "$from/$lib/tcc" ] || cp -r "$from/$lib/tcc" "$root/$lib/tcc"
[ ! -e "$from/usr/lib/tcc" ] || cp -r "$from/usr/lib/tcc" "$root/usr/lib/tcc"

# What gcc is, with all headers.
if [ "$size" = full ]; then
	mkdir -p "$root/usr/lib/gcc" "$root/usr/libexec"
	cp -r "$from/usr/include/." "$root/usr/include"
	for dir in usr/lib/gcc usr/libexec/gcc; do
		[ ! -e "$from/$dir" ] || { mkdir -p "$root/$dir" && cp -r "$from/$dir/." "$root/$dir"; }
	done
	find "$root/usr/lib/gcc" "$root/usr/libexec" \( -name lto1 -o -name lto-wrapper -o -name lto-dump -o -name 'lib*san*' -o -name g++-mapper-server \) -exec rm {} + 2>/dev/null || true
	compiler=$(find "$from/usr/bin" -name "$gnu-gcc-[0-9]*" | head -n 1)
	install -m 755 "$compiler" "$root/usr/bin/gcc"
	for program in as ld ar ranlib; do
		install -m 755 "$(readlink -f "$from/usr/bin/$gnu-$program")" "$root/usr/bin/$program"
	done
	cc1=$(find "$root/usr/lib/gcc" "$root/usr/libexec" -name cc1 2>/dev/null)
	for file in "$root/usr/bin/gcc" "$root/usr/bin/as" "$root/usr/bin/ld" "$root/usr/bin/ar" "$cc1" "$(dirname "$cc1")/collect2"; do add_libraries "$file"; done
fi

# The input: the source package's files.
mkdir "$root/suites/source"
tar xf "$fetched"/source/*.orig.tar.* -C "$root/suites/source" --strip-components 1
case $(ls "$fetched"/source/*.orig.tar.*) in
*.gz) gzip -dc "$fetched"/source/*.orig.tar.gz ;;
*) xz -dc "$fetched"/source/*.orig.tar.* ;;
esac >"$root/suites/input"
[ "$size" = full ] || truncate -s 262144 "$root/suites/input"
echo "$size" >"$root/suites/size"
for file in "$src"/suites/*; do install -m 644 "$file" "$root/suites/"; done

# What the host makes. The guest's programs run here by the guest's own loader and libraries, each by a wrapper of its name.
host=$tmp/host
mkdir "$host"
# No link in it leads out of it: what is written there must never reach the machine's own files.
install -m 755 "$busybox" "$host/busybox"
for applet in sh sed seq sort head cat cp rm ln cmp awk sha256sum; do printf '#!/bin/sh\nexec %s/busybox %s "$@"\n' "$host" $applet >"$host/$applet"; done
loader="$root/lib/$triplet/$ld --library-path $root/lib/$triplet"
for program in $programs; do
	more=
	[ $program != tcc ] || more="-nostdinc -MD -I$root/$lib/tcc/include -I$root/usr/lib/tcc/include -I$from/usr/include/$triplet -I$from/usr/include"
	printf '#!/bin/sh\nexec %s %s %s "$@"\n' "$loader" "$root/usr/bin/$program" "$more" >"$host/$program"
done
if [ "$size" = full ]; then
	# gcc finds what it calls there, and there alone.
	mkdir "$host/calls"
	for program in "$cc1" "$root/usr/bin/as"; do
		printf '#!/bin/sh\nexec %s %s "$@"\n' "$loader" "$program" >"$host/calls/${program##*/}"
	done
	printf '#!/bin/sh\nexec %s %s -B%s/ --sysroot=%s "$@"\n' "$loader" "$root/usr/bin/gcc" "$host/calls" "$root" >"$host/gcc"
	chmod 755 "$host/calls"/*
fi
# The linked program runs as the guest's; the host asks Debian's own Lua for its answer.
printf '#!/bin/sh\nexec ln -s %s lua\n' "$host/lua5.4" >"$host/linked"
find "$host" -maxdepth 1 -type f -exec chmod 755 {} +
# What a build in which some files have changed compiles; of the others it has the objects, which the host makes first.
changed="lapi.c ldebug.c ldo.c lfunc.c lgc.c lmem.c lstate.c lstring.c ltable.c lzio.c"
# make_one SIZE SCRIPT ARGUMENT...
made=$tmp/made
make_one() {
	form=$1 script=$2
	shift 2
	mkdir -p "$made/$script"
	(cd "$made/$script" && PATH=$host:/usr/bin BIN=$host SUITES=$root/suites LC_ALL=C LINK=$host/linked timeout 300 /bin/sh "$root/suites/$script" "$form" "$@") >"$tmp/log" 2>&1 ||
		fail "$script fails on the host already: $(tail -n 1 "$tmp/log")"
}
if [ "$size" = quick ]; then
	mkdir "$root/suites/objects"
	make_one full tcc
	cp "$made/tcc/src/"*.o "$root/suites/objects/"
	(cd "$root/suites/objects" && rm $(echo "$changed" | sed 's/\.c\>/.o/g'))
	echo "$changed" >"$root/suites/changed"
	# Of the headers, those that the source includes.
	cat "$made/tcc/src/"*.d | tr ' ' '\n' | grep "^$from/usr/include" | sort -u >"$tmp/headers"
	(cd "$from" && sed "s|^$from/||; s|:\$||" "$tmp/headers" | cpio --quiet -pdm "$root")
	rm -rf "$made/tcc"
fi
# A phase of the table that has no result but its own verdict is not run here.
sed 's/#.*//' "$src/suites/phases" | while read -r set phase place script arguments; do
	case $set.$script in quick.*) of=quick ;; *) of=full ;; esac
	case $script in '' | hackbench | httpd | stress) continue ;; esac
	key=$(echo "$script $arguments" | sed 's/ *$//; s/ /-/g')
	[ "$of" = "$size" ] && [ ! -e "$root/suites/$key.sha256" ] || continue
	make_one "$size" "$script" $arguments
	(cd "$made/$script" && find . \( -name '*.o' -o -name packed -o -name answer \) | LC_ALL=C sort | xargs sha256sum) >"$root/suites/$key.sha256"
	rm -rf "${made:?}/$script"
done

install -m 755 "$src/suites-init" "$root/init"
install -m 755 "$busybox" "$root/bin/busybox"
"$busybox" --list | while read -r applet; do [ "$applet" = busybox ] || [ -e "$root/usr/bin/$applet" ] || ln -s busybox "$root/bin/$applet"; done
install -m 755 -s "$suite" "$root/bin/suite"
install -m 755 -s "$region" "$root/bin/penumbra-region"
find "$root" -exec touch -h -d @0 {} +
if [ "$size" = quick ]; then
	(cd "$root" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0 --reproducible) >"$tmp/image"
else
	mkdir "$root/lost+found"
	mib=$(($(du -sm "$root" | cut -f 1) * 11 / 10 + 48))
	PATH=$PATH:/usr/sbin E2FSPROGS_FAKE_TIME=1 mke2fs -q -t ext4 -U clear -E hash_seed=00000000-0000-0000-0000-000000000001,lazy_itable_init=0,root_owner=0:0 -d "$root" "$tmp/image" ${mib}m
fi
mv "$tmp/image" "$out"
