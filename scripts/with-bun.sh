#!/bin/sh
# Runs one of our scripts with Bun, on a machine that may have nothing but Node and npm, or nothing but Bun.
# with-bun.sh SCRIPT [ARGS...]: finds the Bun that package.json asks for (or installs it), installs the packages, runs SCRIPT.
set -eu

say() { printf 'with-bun: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

[ $# -ge 1 ] || die "usage: with-bun.sh SCRIPT [ARGS...]"
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd) || die "cannot find the repository of $0"
cd "$root"

# The exact version among the devDependencies; `"bun": ">=..."` under engines starts with no digit and is passed over.
wanted=$(sed -n 's/.*"bun": *"\([0-9][0-9.]*\)".*/\1/p' package.json | head -n 1)
[ -n "$wanted" ] || die "cannot read the version of bun from $root/package.json"
private="$root/.cache/bun-$wanted"

# at_least A B: version A is B or newer. Only the numbers count: 1.5.0-canary.1 is 1.5.0.
at_least() {
  a=${1%%[-+]*}. b=$2.
  case $a in [0-9]*.[0-9]*.) ;; *) return 1 ;; esac
  while [ -n "$a$b" ]; do
    a1=${a%%.*} b1=${b%%.*}
    [ "${a1:-0}" -eq "${b1:-0}" ] || { [ "${a1:-0}" -gt "${b1:-0}" ]; return; }
    a=${a#*.} b=${b#*.}
  done
}

# works FILE: it runs here (right processor, right C library) and is new enough.
works() {
  [ -x "$1" ] || return 1
  version=$("$1" --version 2>/dev/null) || return 1
  at_least "$version" "$wanted"
}

# A package's own binary is in bin/bun.exe once its install script ran; where such scripts are blocked it stays
# in the package for the platform (there may be several: with and without AVX2, glibc and musl).
find_in() {
  for file in "$1/bun/bin/bun.exe" "$1"/@oven/bun-*/bin/bun; do
    if works "$file"; then bun=$file; return 0; fi
  done
  return 1
}

# locked NAME COMMAND...: runs it alone, however many of us start at once. A lock whose owner is gone is taken over.
locked() {
  lock="$root/.cache/$1.lock"; shift
  mkdir -p "$root/.cache"
  waited=0
  until mkdir "$lock" 2>/dev/null; do
    owner=$(cat "$lock/pid" 2>/dev/null || true)
    if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then rm -rf "$lock"; continue; fi
    [ "$waited" -eq 0 ] && say "waiting for process ${owner:-?}, which is installing too"
    waited=$((waited + 1))
    [ "$waited" -lt 600 ] || die "gave up after 10 minutes; if nothing is installing, remove $lock"
    sleep 1
  done
  echo $$ >"$lock/pid"
  trap 'rm -rf "$lock"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  status=0
  "$@" || status=$?
  rm -rf "$lock"
  trap - EXIT INT TERM
  return "$status"
}

install_bun() {
  if find_in "$private/node_modules"; then return 0; fi # another one did it while we waited
  mkdir -p "$private"
  printf '{ "private": true }\n' >"$private/package.json"
  if command -v npm >/dev/null 2>&1; then
    say "installing bun $wanted with npm into ${private#"$root"/}"
    # npm hands its own settings down to what it runs; the project's prefix must not become this one's.
    (
      unset npm_config_local_prefix npm_config_prefix
      cd "$private"
      npm install --prefix "$private" --no-save --no-package-lock --ignore-scripts --no-audit --no-fund \
        --loglevel=error --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=8000 "bun@$wanted" >&2
    ) || die "npm could not install bun@$wanted (see above); is the package registry reachable?"
    # A processor without AVX2 needs a build that only the package's own script knows to fetch.
    find_in "$private/node_modules" || (cd "$private/node_modules/bun" && node install.js >&2) ||
      die "the install script of bun@$wanted failed (see above)"
  elif [ -n "$old_bun" ]; then
    say "installing bun $wanted with bun $old_version into ${private#"$root"/}"
    (cd "$private" && "$old_bun" add --exact --ignore-scripts "bun@$wanted" >&2) || die "bun $old_version could not install bun@$wanted (see above)"
  else
    die "needs bun $wanted or newer, or npm to install it; neither is on PATH"
  fi
}

bun=
old_bun=
on_path=$(command -v bun 2>/dev/null || true)
if [ -n "$on_path" ]; then
  if works "$on_path"; then
    bun=$on_path
  else
    old_version=$("$on_path" --version 2>&1 | head -n 1) || old_version=unknown
    say "bun on PATH ($on_path) is ${old_version:-not running here}; this project needs $wanted"
    old_bun=$on_path
  fi
fi
if [ -z "$bun" ] && ! find_in "$root/node_modules" && ! find_in "$private/node_modules"; then
  locked bun install_bun || die "cannot install bun"
  find_in "$private/node_modules" || die "bun $wanted was installed into $private, but none of its binaries runs on this machine ($(uname -sm))"
fi

install_packages() {
  if packages_current; then return 0; fi
  say "installing packages"
  "$bun" install --frozen-lockfile >&2 || die "bun install failed (see above)"
  : >"$stamp"
}
stamp="$root/node_modules/.installed"
packages_current() {
  [ -f "$stamp" ] && [ -z "$(find bun.lock package.json -newer "$stamp")" ]
}
packages_current || locked packages install_packages || die "cannot install packages"

# What our scripts start finds the same Bun, whether or not there is one on PATH.
if [ "$bun" != "$on_path" ]; then
  mkdir -p .cache/bin
  ln -sfn "$bun" .cache/bin/bun
  PATH="$root/.cache/bin:$PATH"
  export PATH
fi

script=$1
shift
exec "$bun" run "$script" "$@"
