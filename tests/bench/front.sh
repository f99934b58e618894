#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The front script: help without a build, missing packages named, a failed step shown, nothing done twice.
. "${srcdir:-.}/tests/common.sh"
tree=$tmp/tree
mkdir -p "$tree" "$tmp/bin"
mkdir -p "$tree/bench/data"
cp "$srcdir/penumbra" "$tree/"
cp "$srcdir/bench/data/commands.def" "$tree/bench/data/"
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
cat >"$tree/packages.txt" <<-END
	# a comment: and no-such-package-c

	bash
	no-such-package-a
	nowhere: no-such-package-d
	$release: no-such-package-b
	$release: bash
END
export PENUMBRA_BUILD=$tree/build
unset WERROR # of the check that runs this

"$tree/penumbra" --help >"$tmp/help" 2>&1
is "help: exit code" $? 0
has "help: names the commands" "$tmp/help" '^  compare  +what differs'
check "help: builds nothing" test ! -e "$tree/build"
"$tree/penumbra" >"$tmp/none" 2>&1
is "no command: exit code" $? 2

# Packages: dpkg-query knows bash only; nobody is asked, because this is no terminal.
"$tree/penumbra" list >"$tmp/missing" 2>&1 </dev/null
is "missing packages: exit code" $? 1
has "missing packages: which" "$tmp/missing" 'no-such-package-a'
is "missing packages: none of another release" "$(grep -c 'no-such-package-d' "$tmp/missing")" 0
has "missing packages: the command" "$tmp/missing" 'apt-get install --yes --no-install-recommends no-such-package-a no-such-package-b'
printf '#!/bin/sh\necho 1000\n' >"$tmp/bin/id"
chmod +x "$tmp/bin/id"
PATH=$tmp/bin:$PATH "$tree/penumbra" --yes list >"$tmp/user" 2>&1 </dev/null
is "not root: exit code" $? 1
has "not root: says so" "$tmp/user" 'only root can install'
has "not root: the whole command" "$tmp/user" 'sudo apt-get install .*no-such-package-a no-such-package-b'

# A build that fails, then one that works.
echo '# none' >"$tree/packages.txt"
touch "$tree/configure.ac" "$tree/Makefile.am" "$tree/Makefile.in"
cat >"$tree/configure" <<'END'
#!/bin/sh
[ ! -e "$(dirname "$0")/slow" ] || { echo "it takes its time"; i=0; while [ $i -lt 100 ]; do sleep 0.1; i=$((i + 1)); done; }
[ ! -e "$(dirname "$0")/broken" ] || { echo "configure: error: the flux is missing"; exit 1; }
echo "configured once" >>"$(dirname "$0")/count"
printf 'all: penumbra-bench\npenumbra-bench:\n\tprintf "#!/bin/sh\\necho the program got: \\$$* \\$${WERROR:-}\\nexit 7\\n" >$@ && chmod +x $@\n' >Makefile
echo >config.status
END
chmod +x "$tree/configure"
touch "$tree/slow"
env --default-signal=HUP "$tree/penumbra" list >"$tmp/hup" 2>&1 </dev/null & # heard under nohup, too
pid=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
	sleep 0.5
	grep -q 'it takes its time' "$tree/build.log" 2>/dev/null && break
done
kill -HUP $pid
wait $pid
is "hung up in a step: exit code" $? 130
sleep 0.5
is "hung up in a step: the step ends" "$(pgrep -fc "$tree/configure")" 0
rm "$tree/slow"
touch "$tree/broken"
"$tree/penumbra" list >"$tmp/broken" 2>&1 </dev/null
is "a failed step: exit code" $? 1
has "a failed step: its messages" "$tmp/broken" 'the flux is missing'
has "a failed step: which, and the log" "$tmp/broken" 'configuring failed.*build.log'
rm "$tree/broken"
"$tree/penumbra" run --repeat 3 >"$tmp/works" 2>&1 </dev/null
is "the program's exit code comes through" $? 7
has "its arguments too" "$tmp/works" 'the program got: run --repeat 3'
"$tree/penumbra" --yes list >"$tmp/again" 2>&1 </dev/null
is "configured once" "$(wc -l <"$tree/count" | tr -d ' ')" 1
has "--yes is the front script's own" "$tmp/again" 'the program got: list *$'
werror=
[ "$release" != bookworm ] || werror=-Werror
"$tree/penumbra" check >"$tmp/check" 2>&1 </dev/null
has "a warning ends a check where the compiler is the one that is meant" "$tmp/check" "the program got: check *$werror\$"

# Whether anything is to be built is asked by `make -q`. The newer QEMU is, where there is none yet.
printf '#!/bin/sh\necho "QEMU emulator version $FAKE_VERSION"\n' >"$tmp/bin/qemu-system-x86_64"
chmod +x "$tmp/bin/qemu-system-x86_64"
asked() { env -u MAKEFLAGS -u MAKELEVEL FAKE_VERSION="$1" PATH="$tmp/bin:$PATH" make -q QEMU_NEXT="$tmp/none" qemu-next-tried >"$tmp/asked" 2>&1; }
asked 7.2.22
check "an old QEMU: the newer one is to be fetched" test $? -ne 0
asked 10.0.2
is "a QEMU that can: nothing is to be fetched" $? 0
finish
