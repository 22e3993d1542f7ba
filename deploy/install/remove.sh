# --uninstall: the program goes, everything that was kept stays; --purge says what else it takes, and takes it with --yes.
# shellcheck shell=bash

uninstall() {
  if [[ $PURGE == yes && $YES == no ]]; then
    say "--purge deletes, for good:"
    printf '  %s\n' "$ETC (settings, and the key without which the database's secrets cannot be read)" "$STATE" \
      "the PostgreSQL database and role grimbots on this machine: every customer, message, order and the ledger" \
      "the queues in the Redis on this machine" "the system user grimbots"
    say "Nothing was touched: add --yes to go on."
    exit 2
  fi
  say "Removing grimbots:"
  stop_units
  local unit
  for unit in $(our_units); do remove "$UNITS/$unit"; done
  remove "$BIN/grimbots"
  if [[ $STARTS == yes ]]; then systemctl daemon-reload; fi
  if [[ $PURGE == yes ]]; then purge; fi
  remove "$OPT"
  if [[ $PURGE == no ]]; then
    say "Kept: $ETC, $STATE, the database and the queues. \`install.sh\` makes use of them again; \`--uninstall --purge\` deletes them."
  fi
}

stop_units() {
  local unit root=()
  if [[ $STARTS == no && -n $ROOT ]]; then root=("--root=$ROOT"); fi
  for unit in "${ENABLED[@]}"; do
    systemctl --quiet "${root[@]}" disable "$unit" 2>/dev/null || true
  done
  if [[ $STARTS == yes ]]; then
    systemctl stop "${ENABLED[@]}" "${RUNNING[@]}" 2>/dev/null || true
    made "stopped"
  fi
}

remove() {
  if [[ -e $1 || -L $1 ]]; then
    rm -rf "$1"
    made "$1 removed"
  fi
}

purge() {
  if [[ -z $ROOT ]]; then
    purge_postgres
    purge_redis
    if getent passwd grimbots >/dev/null; then
      userdel grimbots
      made "system user grimbots removed"
    fi
  fi
  remove "$ETC"
  remove "$STATE"
}

purge_postgres() {
  if [[ $(credential_text database_url) != *@127.0.0.1:* ]] || ! command -v pg_lsclusters >/dev/null; then
    say "    note: the database is not on this machine; it stays."
    return
  fi
  local was_running=yes
  find_cluster
  if [[ $was_running == no ]]; then pg_ctlcluster "$PG_VERSION" "$PG_NAME" start 9>&-; fi
  ask_postgres "DROP DATABASE IF EXISTS grimbots WITH (FORCE)" || fail "PostgreSQL did not drop the database; nothing else was deleted."
  ask_postgres "DROP ROLE IF EXISTS grimbots" || true
  made "database and role grimbots dropped"
  sed -i '/^# The program, by password; made by install.sh.$/d; /^local[[:space:]]*grimbots[[:space:]]*grimbots[[:space:]]/d' "$PG_CONF/pg_hba.conf"
  remove "$PG_CONF/conf.d/grimbots.conf"
  if [[ $was_running == no ]]; then pg_ctlcluster "$PG_VERSION" "$PG_NAME" stop; fi
}

purge_redis() {
  if [[ ! -e /etc/redis/grimbots.conf ]]; then return; fi
  if redis_answers; then
    redis-cli --scan --pattern '{grimbots}*' | while read -r key; do redis-cli unlink "$key" >/dev/null; done
    made "queues in Redis removed"
  fi
  sed -i '/^# Made by install.sh.$/d; /^include \/etc\/redis\/grimbots.conf$/d' /etc/redis/redis.conf
  remove /etc/redis/grimbots.conf
}

credential_text() { cat "$ETC/credentials/$1" 2>/dev/null || true; }
