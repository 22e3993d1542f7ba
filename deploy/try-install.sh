#!/usr/bin/env bash
# Tries install.sh on a fresh Debian 12 that boots with a systemd of its own: installs, kills, upgrades under load, goes back, removes.
set -Eeuo pipefail

usage() {
  cat <<'END'
try-install.sh: the proof of install.sh, in some five minutes. Run it as root from the project's folder.
It needs debootstrap and systemd-nspawn (apt-get install debootstrap systemd-container). The machine that it boots has no network and
is gone at the end; what was downloaded stays in .runtime/try-install.

  --rate N      Updates per second of the load. Default: 300.
  --keep        Leave the machine's files where they are, for looking at them.
  --help        Show this.
END
}

PROJECT=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd)
CACHE=$PROJECT/.runtime/try-install
WORK=$CACHE/run-$$
MACHINE=$WORK/machine
RATE=300 KEEP=no LEADER="" NSPAWN="" BUN=""

# shellcheck source=try-install/machine.sh
source "$PROJECT/deploy/try-install/machine.sh"
# shellcheck source=try-install/builds.sh
source "$PROJECT/deploy/try-install/builds.sh"
# shellcheck source=try-install/steps.sh
source "$PROJECT/deploy/try-install/steps.sh"

fail() {
  printf 'try-install.sh: %s\n' "$1" >&2
  exit 1
}

while (($# > 0)); do
  case $1 in
    --rate) RATE=${2:?--rate needs a number} && shift ;;
    --keep) KEEP=yes ;;
    --help | -h) usage && exit 0 ;;
    *) fail "there is no option $1; see --help." ;;
  esac
  shift
done

((EUID == 0)) || fail "run this as root: it makes a system and boots it."
for program in debootstrap systemd-nspawn nsenter; do
  command -v "$program" >/dev/null || fail "$program is missing: apt-get install debootstrap systemd-container."
done
BUN=$(cd "$PROJECT" && node deploy/setup.mjs bun --print process.execPath | tail -n 1)

trap 'clean_up' EXIT
trap 'fail "stopped at line $LINENO of ${BASH_SOURCE[0]##*/}: $BASH_COMMAND"' ERR
trap 'exit 130' INT TERM HUP
mkdir -p "$WORK"
make_base
make_builds
try_image
try_machine
printf 'All of it works.\n'
