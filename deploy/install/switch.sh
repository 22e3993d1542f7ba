# Taking a release into use: migrate, point at it, hand the work over, wait until it is ready, and back to the one before when it is not.
# shellcheck shell=bash

# The release that `current` points at takes over. By reload: the processes before it serve until the new ones do, and go on when those
# do not. New units hold from a restart on only: what is under way ends first, and systemd keeps the listening socket open.
hand_over() {
  local how=reload-or-restart
  if [[ $UNITS_CHANGED == yes ]]; then how=restart; fi
  timeout "$READY_SECONDS" systemctl "$how" "${RUNNING[@]}"
}

# How /ready answers here: 200, 503, or nothing.
ready_status() {
  local host port status=""
  host=$(setting HOST)
  port=$(setting PORT)
  case ${host:=127.0.0.1} in 0.0.0.0 | "::" | "[::]") host=127.0.0.1 ;; esac
  {
    printf 'GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
    read -r -t 5 _ status _ <&3
  } 2>/dev/null 3<>"/dev/tcp/$host/${port:-8080}" || true
  printf '%s' "$status"
}

# Whether all of it works: every unit is up, /ready says so, and no process of another release is left to say it.
is_ready() {
  local unit
  for unit in "${RUNNING[@]}"; do systemctl is-active --quiet "$unit" || return 1; done
  [[ $(ready_status) == 200 ]] && ! runs_other "$(current)"
}

# The workers that the operator runs besides, such as grimbots-worker@all: they are handed over and waited for like ours.
add_own_workers() {
  local unit
  while read -r unit _; do
    if [[ -n $unit && " ${RUNNING[*]} " != *" $unit "* ]]; then RUNNING+=("$unit"); fi
  done < <(systemctl list-units --plain --no-legend --state=active,reloading 'grimbots-worker@*.service')
}

# The processes of all releases that serve: pid and release on a line each. Whoever reads the log, or asks for anything else, stays as he is.
running() {
  local link program words
  for link in /proc/[0-9]*/exe; do
    program=$(readlink "$link" 2>/dev/null) || continue
    if [[ $program == "$OPT"/releases/*/grimbots* ]]; then
      mapfile -d '' -t words 2>/dev/null <"${link%/exe}/cmdline" || continue
      if [[ ${words[1]:-} != serve ]]; then continue; fi
      program=${program#"$OPT/releases/"}
      printf '%s %s\n' "$(basename "${link%/exe}")" "${program%%/*}"
    fi
  done
}

# Whether a process serves from a release other than this one.
runs_other() { [[ -n $(running | grep -v " $1\$") ]]; }

# Asks all processes of a release to end, and ends those that do not: systemd starts what `current` points at in their place.
end_processes() {
  local signal
  for signal in TERM KILL; do
    running | while read -r pid release; do
      if [[ $release == "$1" ]]; then kill -s "$signal" "$pid" 2>/dev/null || true; fi
    done
    if within 20 runs_none_of "$1"; then return; fi
  done
}

runs_none_of() { [[ -z $(running | grep " $1\$") ]]; }

# Within the time for it, of which `1` seconds are gone.
await_ready() { within $((READY_SECONDS - ${1:-0})) is_ready; }

# What stands in the way, for the sentence of a failure.
why_not_ready() {
  local unit
  for unit in "${RUNNING[@]}"; do
    if ! systemctl is-active --quiet "$unit"; then
      printf '%s is %s (journalctl -u %s)' "$unit" "$(systemctl is-active "$unit" || true)" "$unit"
      return
    fi
  done
  local status
  status=$(ready_status)
  case $status in
    200) printf 'processes of another release still run' ;;
    "") printf 'nobody answers /ready' ;;
    *) printf '/ready answers %s (grimbots doctor says why)' "$status" ;;
  esac
}

# number NAME <JSON: the first number of that name.
number() { grep -o "\"$1\":[0-9]*" | head -n 1 | cut -d : -f 2; }

# Before anything is changed: would the release in use still run on the schema that the new one makes?
check_way_back() {
  local old=$1 new=$2 plan known oldest
  plan=$(run "$new" migrate --check --json) || fail "the new release cannot look at the database; nothing was changed."
  oldest=$(number oldestProgram <<<"${plan##*\"after\":}")
  known=$(run "$old" migrate --check --json 2>/dev/null | number program) || known=0
  if ((oldest <= ${known:-0})); then return; fi
  if [[ $NO_WAY_BACK == yes ]]; then
    say "    note: $old cannot run on the new schema: there is no way back from here but a backup."
  else
    rm -rf "${OPT:?}/releases/$new"
    fail "$old cannot run on the schema of $new, so the upgrade could not be taken back: nothing was changed; make a backup, then use --no-way-back, which stops the program while it migrates."
  fi
}

migrate_with() {
  local said
  said=$(run "$1" migrate) || return 1
  if [[ $said == *applied* ]]; then made "database: $said"; else kept "database: $said"; fi
}

# take_into_use RELEASE: true when it is ready.
take_into_use() {
  local began=$SECONDS
  use_units "$1"
  point_at "$1"
  enable_units
  hand_over || true
  await_ready $((SECONDS - began))
}

# Whatever of a failed release runs ends; what was not replaced goes on, and systemd starts the rest again: the old release, by its units.
go_back() {
  local old=$1 failed=$2
  point_at "$old"
  use_units "$old"
  enable_units
  # A successor that hangs would keep the old processes from going on.
  end_processes "$failed"
  within 20 is_ready_or_down
  if ! is_ready; then hand_over; fi
  await_ready
}

is_ready_or_down() { is_ready || ! is_up; }

# upgrade OLD NEW
upgrade() {
  local old=$1 new=$2
  check_way_back "$old" "$new"
  add_own_workers
  if [[ $NO_WAY_BACK == yes ]]; then
    systemctl stop "${RUNNING[@]}"
    migrate_with "$new" || fail_upgrade "$old" "$new" "the database could not be migrated"
  elif ! migrate_with "$new"; then
    rm -rf "${OPT:?}/releases/$new"
    fail "the database could not be migrated; $old goes on as before."
  fi
  # Whoever interrupts it from here on gets the old release back.
  trap 'fail_upgrade "$old" "$new" "it was interrupted"' HUP INT TERM
  trap '' PIPE
  if ! take_into_use "$new"; then fail_upgrade "$old" "$new" "$(why_not_ready)"; fi
  trap - HUP INT TERM
  made "$new took over from $old and is ready"
}

# The release before it comes back, and the failed one goes, so that the next attempt begins as this one did.
fail_upgrade() {
  local old=$1 new=$2 why=$3
  trap '' HUP INT TERM
  # On the way back nothing is a reason to stop.
  trap - ERR
  set +e
  say "  ! $new is not ready: $why. Going back to $old."
  # However little time the new one was given.
  READY_SECONDS=$((READY_SECONDS < 60 ? 60 : READY_SECONDS))
  if go_back "$old" "$new"; then
    rm -rf "${OPT:?}/releases/$new"
    fail "$new did not become ready ($why); $old is back and ready."
  fi
  fail "$new did not become ready ($why), and neither did $old ($(why_not_ready)): look at \`journalctl -u 'grimbots*'\` and \`grimbots doctor\`."
}
