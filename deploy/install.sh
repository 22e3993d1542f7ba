#!/usr/bin/env bash
# Installs grimbots on a Debian or Ubuntu with systemd, upgrades it with a way back, and removes it; `--help` tells how.
set -Eeuo pipefail

usage() {
  cat <<'END'
install.sh: installs grimbots on this machine (Debian 12, Ubuntu 24.04, or newer). Run it as root from the folder of a build.
A second run changes nothing and says so.

  --with-services    Install and set up PostgreSQL and Redis here, too; without it, write their addresses into
                     /etc/grimbots/credentials/database_url and redis_url, and run this again.
  --public-url URL   https address under which Telegram reaches this machine (PUBLIC_URL in a new grimbots.env).
  --port N           Port to listen on (PORT in a new grimbots.env). Default: 8080.
  --upgrade          Take this build into use: migrates, hands over without losing an update, waits until it is ready, and
                     goes back to the one before when it is not. Three releases are kept.
  --no-way-back      With --upgrade: accept a migration after which the release in use could not run any more.
  --ready-within S   Seconds to wait for a release to be ready. Default: 60.
  --uninstall        Remove the program; settings, data and database stay.
  --purge            With --uninstall: delete those, too. Says what; needs --yes.
  --yes              Do what --purge said.
  --from DIR         The folder of the build. Default: the folder of this script.
  --root DIR         Install into the system in DIR, without starting anything.
  --start            With --root: start it all the same, by the systemctl of PATH.
  --help             Show this.
END
}

HERE=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)
# What a release consists of.
PARTS=(grimbots grimbots.env.example install.sh install systemd nginx haproxy prometheus grafana loki)
# Enabled: what starts with the machine. Running: what must be up for it to work.
ENABLED=(grimbots.target grimbots.service grimbots-worker@tasks.service grimbots-worker@gateway.service
  grimbots-worker@webhook.service grimbots-worker@clock.service)
RUNNING=("${ENABLED[@]:1}")
KEPT_RELEASES=3

# shellcheck source=install/say.sh
source "$HERE/install/say.sh"
# shellcheck source=install/files.sh
source "$HERE/install/files.sh"
# shellcheck source=install/release.sh
source "$HERE/install/release.sh"
# shellcheck source=install/switch.sh
source "$HERE/install/switch.sh"
# shellcheck source=install/services.sh
source "$HERE/install/services.sh"
# shellcheck source=install/remove.sh
source "$HERE/install/remove.sh"

MODE=install FROM=$HERE ROOT="" WITH_SERVICES=no NO_WAY_BACK=no PURGE=no YES=no STARTS=no READY_SECONDS=60
declare -A GIVEN=()

read_options() {
  local option
  while (($# > 0)); do
    option=$1
    shift
    case $option in
      --from | --root | --public-url | --port | --ready-within)
        if (($# == 0)); then fail "$option needs a value; see --help." 2; fi
        ;;&
      --with-services) WITH_SERVICES=yes ;;
      --upgrade) MODE=upgrade ;;
      --uninstall) MODE=uninstall ;;
      --no-way-back) NO_WAY_BACK=yes ;;
      --purge) PURGE=yes ;;
      --yes) YES=yes ;;
      --start) STARTS=yes ;;
      --from) FROM=$1 && shift ;;
      --root) ROOT=${1%/} && shift ;;
      --public-url) GIVEN[PUBLIC_URL]=$1 && shift ;;
      --port) GIVEN[PORT]=$1 && shift ;;
      --ready-within) READY_SECONDS=$1 && shift ;;
      --help | -h) usage && exit 0 ;;
      *) fail "there is no option $option; see --help." 2 ;;
    esac
  done
  [[ ${GIVEN[PORT]:-1} =~ ^[0-9]{1,5}$ ]] || fail "--port takes a number." 2
  [[ ${GIVEN[PUBLIC_URL]:-https://x} =~ ^https://[^[:space:]\|\&\'\"]+$ ]] || fail "--public-url takes an address that starts with https://." 2
  [[ $READY_SECONDS =~ ^[0-9]+$ ]] || fail "--ready-within takes seconds." 2
  if [[ $STARTS == yes && -z $ROOT ]]; then fail "--start goes with --root only." 2; fi
  if [[ -z $ROOT && -d /run/systemd/system ]]; then STARTS=yes; fi
}

place_all() {
  if [[ -n $ROOT ]]; then
    mkdir -p "$ROOT"
    ROOT=$(cd "$ROOT" && pwd)
  fi
  OPT=$ROOT/opt/grimbots ETC=$ROOT/etc/grimbots STATE=$ROOT/var/lib/grimbots
  UNITS=$ROOT/etc/systemd/system BIN=$ROOT/usr/local/bin
}

check_system() {
  if [[ -z $ROOT ]]; then
    ((EUID == 0)) || fail "run this as root (sudo ./install.sh)."
    local family
    family=$(. /etc/os-release 2>/dev/null && printf '%s %s' "${ID:-}" "${ID_LIKE:-}") || family=""
    [[ " $family " == *" debian "* || " $family " == *" ubuntu "* ]] ||
      fail "this is ${family:-an unknown system}, and only Debian and Ubuntu are known here: install the build by hand, with the units in systemd/."
    command -v systemctl >/dev/null || fail "there is no systemd here: run \`grimbots serve\` under what starts your services."
  elif [[ $WITH_SERVICES == yes ]]; then
    fail "--with-services works on the system itself: run this in it with chroot." 2
  fi
}

check_build() {
  local part
  FROM=$(cd "$FROM" 2>/dev/null && pwd) || fail "the folder of --from does not exist."
  for part in "${PARTS[@]}"; do
    [[ -e $FROM/$part ]] || fail "there is no build in $FROM ($part is missing): run \`npm run build\`, and this from dist/."
  done
}

# A port that somebody else has is found out before anything is made, not by a service that fails.
check_port() {
  local port=${GIVEN[PORT]:-$(setting PORT)}
  if (exec 3<>"/dev/tcp/127.0.0.1/${port:-8080}") 2>/dev/null; then
    fail "port ${port:-8080} is taken by another program: stop that, or choose another port with --port."
  fi
}

install_or_upgrade() {
  local release before missing
  check_build
  before=$(current)
  if [[ $MODE == upgrade && -z $before ]]; then fail "nothing is installed yet: run this without --upgrade."; fi
  release=$(name_of_build) || exit 1
  if [[ $MODE == install && -n $before && $before != "$release" ]]; then
    fail "$before is installed: use --upgrade to take $release into use."
  fi
  if [[ -z $before && $STARTS == yes ]]; then check_port; fi
  say "$([[ $MODE == upgrade ]] && printf 'Upgrading' || printf 'Installing') grimbots $release:"
  make_account
  make_folders
  make_settings
  make_key
  if [[ $WITH_SERVICES == yes ]]; then set_up_services; fi
  make_release "$release"
  make_command
  missing=$(missing_settings)
  if [[ -n $before && $before != "$release" && $STARTS == yes && -z $missing ]] && is_up; then
    upgrade "$before" "$release"
  else
    put_in_place "$release" "$missing"
  fi
  remove_old_releases
  finish "$missing"
}

# Whether anything of it runs, or means to: systemctl says "activating" of what it starts again and again.
is_up() {
  local unit
  for unit in "${RUNNING[@]}"; do
    if [[ $(systemctl is-active "$unit" || true) =~ ^(active|activating|reloading)$ ]]; then return 0; fi
  done
  return 1
}

# A first release, the one that is there already, or one for a machine on which nothing runs: nothing has to be handed over.
put_in_place() {
  use_units "$1"
  point_at "$1"
  enable_units
  if [[ $STARTS == no || -n $2 ]]; then return; fi
  migrate_with "$1" || fail "the database could not be migrated."
  if [[ $UNITS_CHANGED == no ]] && is_ready; then
    kept "running and ready"
    return
  fi
  # Whatever already runs, of this release or of one that an interrupted upgrade left, is replaced.
  add_own_workers
  if is_up; then hand_over; else systemctl start "${ENABLED[@]}"; fi
  await_ready || fail "$1 did not become ready within $READY_SECONDS s: $(why_not_ready)."
  made "running and ready"
}

finish() {
  if ((CHANGES == 0)); then say "Nothing to do: everything is in place."; fi
  if [[ -n $1 ]]; then
    say "Not started yet: write the addresses ($1) into files of these names in $ETC/credentials, and run this again."
  elif [[ $STARTS == no ]]; then
    say "Nothing was started: it starts with the machine, after \`grimbots migrate\`."
  elif [[ -z $(setting PUBLIC_URL) ]]; then
    say "Next: set PUBLIC_URL in $ETC/grimbots.env, \`systemctl restart grimbots.target\`, then \`grimbots tenant add --help\`."
  fi
}

main() {
  read_options "$@"
  place_all
  check_system
  mkdir -p "$ROOT/run/lock"
  exec 9>"$ROOT/run/lock/grimbots-install"
  flock -n 9 || fail "another install.sh is at work."
  trap '((BASH_SUBSHELL > 0)) || fail "stopped at line $LINENO (${BASH_COMMAND%% *}): run it again when the cause is gone; every step can be repeated."' ERR
  if [[ $MODE == uninstall ]]; then uninstall; else install_or_upgrade; fi
}

main "$@"
