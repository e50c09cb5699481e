#!/bin/sh
# zimage-setup and the script that starts zimage, with a python3 that installs a name only, and
# room on the disk. Usage: setup_test.sh PACKAGING DIR
set -eu
packaging=$1 work=$2
rm -rf "$work"
mkdir -p "$work/root/bin" "$work/root/libexec" "$work/root/lib/zimage" "$work/path"
standard=$work/standard
for script in zimage zimage-setup; do
  sed -e "s#@ZIMAGE_TORCH_VERSION@#1.2.3#" -e "s#@ZIMAGE_TORCH_WHEEL@#cuda#" -e "s#@ZIMAGE_TORCH_PREFIX@#$standard#" \
    -e "s#@ZIMAGE_LIBDIR@#lib/zimage#" "$packaging/$script.in" >"$work/root/bin/$script"
  chmod +x "$work/root/bin/$script"
done
printf '#!/bin/sh\necho "real $*"\n' >"$work/root/libexec/zimage"
cat >"$work/path/python3" <<'END'
#!/bin/sh
case "$*" in
  "-c import venv, ensurepip") ;;
  "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
  "-m pip install "*) [ ! -e "$FAIL_PIP" ] || exit 1
    echo "$*" >>"$PIP_LOG"; mkdir -p "$(dirname "$0")/../lib/python3.9/site-packages/torch/lib"
    touch "$(dirname "$0")/../lib/python3.9/site-packages/torch/lib/libtorch_cpu.so" ;;
  *sysconfig*) echo "$(cd "$(dirname "$0")/.." && pwd)/lib/python3.9/site-packages" ;;
  *) echo "unexpected: $*" >&2; exit 9 ;;
esac
END
printf '#!/bin/sh\nprintf "\\nx 0 0 99999999\\n"\n' >"$work/path/df"
chmod +x "$work/root/libexec/zimage" "$work/path/python3" "$work/path/df"
export PATH="$work/path:$PATH" PIP_LOG="$work/pip.log" FAIL_PIP="$work/fail"
zimage=$work/root/bin/zimage setup=$work/root/bin/zimage-setup

fail() { echo "setup_test: $*" >&2; exit 1; }
refuses() {  # refuses WORDS COMMAND...
  words=$1
  shift
  if said=$("$@" 2>&1); then fail "$* succeeded"; fi
  case $said in *"$words"*) ;; *) fail "$* said: $said" ;; esac
}

refuses "run zimage-setup once" "$zimage" --version
refuses "must be an absolute path" "$setup" --prefix here
refuses "must be cuda or cpu" "$setup" --wheel rocm
refuses "install zimage-cpu" "$setup" --wheel cpu
refuses "no such option" "$setup" --force
mkdir "$work/foreign" && touch "$work/foreign/file"
refuses "was not made by zimage-setup" "$setup" --prefix "$work/foreign"
refuses "was not made by zimage-setup" "$setup" --prefix "$work/foreign" --remove
[ -e "$work/foreign/file" ] || fail "a foreign folder was touched"

"$setup" --dry-run | grep -q "goes into $standard" || fail "the dry run does not say where to"
[ ! -e "$standard" ] || fail "the dry run made something"
touch "$FAIL_PIP"
refuses "" "$setup"
refuses "run zimage-setup once" "$zimage" --version
rm "$FAIL_PIP"
"$setup" >/dev/null
grep -q "torch==1.2.3$" "$PIP_LOG" || fail "not the pinned version: $(cat "$PIP_LOG")"
[ "$("$zimage" generate "a b")" = "real generate a b" ] || fail "the program does not start"
"$setup" | grep -q "already" || fail "not idempotent"
[ "$(wc -l <"$PIP_LOG")" = 1 ] || fail "installed twice"
ln -s "$zimage" "$work/link"
[ "$("$work/link" x)" = "real x" ] || fail "the program does not start by a link"
"$setup" --remove >/dev/null
[ ! -e "$standard" ] || fail "something is left"

"$setup" --prefix "$work/elsewhere" >/dev/null
[ "$("$zimage" x)" = "real x" ] || fail "LibTorch is not found elsewhere"
"$setup" --prefix "$work/elsewhere" --remove >/dev/null
[ ! -e "$work/elsewhere" ] && [ ! -L "$work/root/lib/zimage/libtorch" ] || fail "something is left elsewhere"
echo "zimage-setup does as it says"
