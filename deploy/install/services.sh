# --with-services: PostgreSQL and Redis of the distribution, on this machine, set up for the program and for nothing but it.
# shellcheck shell=bash

# PostgreSQL's connections of one process (README, Operation), and those left for the operator, backups and monitoring.
CONNECTIONS_PER_PROCESS=16
CONNECTIONS_RESERVED=20
OLDEST_POSTGRES=15

set_up_services() {
  install_packages
  local was_running=yes
  find_cluster
  set_up_postgres
  credential database_url make_database
  if [[ $was_running == no ]]; then pg_ctlcluster "$PG_VERSION" "$PG_NAME" stop; fi
  set_up_redis
  credential redis_url redis_address
}

install_packages() {
  local package missing=()
  for package in postgresql redis-server; do
    if ! dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "ok installed"; then missing+=("$package"); fi
  done
  if ((${#missing[@]} == 0)); then
    kept "packages postgresql and redis-server"
    return
  fi
  say "    installing ${missing[*]} …"
  # Where no systemd runs (an image is being made) nothing may be started by a package.
  if [[ $STARTS == no && ! -e /usr/sbin/policy-rc.d ]]; then
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  apt-get update -qq || true
  local available
  available=$(apt-cache show postgresql 2>/dev/null | sed -n 's/^Version: \([0-9]*\).*/\1/p' | sort -n | tail -n 1)
  ((${available:-0} >= OLDEST_POSTGRES)) ||
    fail "this distribution has PostgreSQL ${available:-none}, and $OLDEST_POSTGRES is the oldest that will do: add apt.postgresql.org, or use a server elsewhere."
  DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null ||
    fail "apt-get could not install ${missing[*]}."
  made "packages ${missing[*]}"
}

# The newest cluster that is new enough; sets PG_VERSION, PG_NAME, PG_PORT, PG_CONF and was_running.
find_cluster() {
  local line
  line=$(pg_lsclusters -h | sort -k 1,1n | tail -n 1)
  [[ -n $line ]] || fail "PostgreSQL is installed without a cluster: run pg_createcluster VERSION main."
  read -r PG_VERSION PG_NAME PG_PORT _ <<<"$line"
  ((PG_VERSION >= OLDEST_POSTGRES)) || fail "PostgreSQL $PG_VERSION is too old: $OLDEST_POSTGRES is the oldest that will do."
  PG_CONF=/etc/postgresql/$PG_VERSION/$PG_NAME
  if [[ $line != *online* ]]; then was_running=no; fi
}

# Processes at most: one per core for HTTP, one per worker, all of them twice while one release hands over to the next.
processes_at_most() { printf '%s' $((2 * ($(nproc) + $(count_workers)))); }

count_workers() { printf '%s\n' "${RUNNING[@]}" | grep -c '@' || true; }

memory_mb() { awk '/^MemTotal/ { printf "%d", $2 / 1024 }' /proc/meminfo; }

between() { printf '%s' $(($2 < $1 ? $1 : $2 > $3 ? $3 : $2)); }

postgres_settings() {
  local memory
  memory=$(memory_mb)
  cat <<END
# PostgreSQL for grimbots; made by install.sh from $(nproc) cores and the machine's memory, and made again by its next run.

# $CONNECTIONS_PER_PROCESS for each of $(processes_at_most) processes, $CONNECTIONS_RESERVED for everybody else.
max_connections = $((CONNECTIONS_PER_PROCESS * $(processes_at_most) + CONNECTIONS_RESERVED))
# A quarter of the memory, and what the system's own cache will hold besides.
shared_buffers = $(between 128 $((memory / 4 / 128 * 128)) 8192)MB
effective_cache_size = $(between 256 $((memory / 2 / 128 * 128)) 65536)MB
max_wal_size = 2GB
# Files of the log are kept for use again: a new one holds up every commit for a tenth of a second.
min_wal_size = 1GB
random_page_cost = 1.1
# Short queries only: compiling one costs more than it saves.
jit = off
# What is committed survives a power cut.
fsync = on
full_page_writes = on
synchronous_commit = on
END
}

set_up_postgres() {
  local changed=no
  mkdir -p "$PG_CONF/conf.d"
  if postgres_settings | put "$PG_CONF/conf.d/grimbots.conf" 644 root; then changed=yes; fi
  # The socket file by password, as TCP: commands run by root reach the database as the program does.
  if ! grep -q '^local[[:space:]]*grimbots[[:space:]]' "$PG_CONF/pg_hba.conf"; then
    sed -i '1i # The program, by password; made by install.sh.\nlocal   grimbots        grimbots                                scram-sha-256' "$PG_CONF/pg_hba.conf"
    changed=yes
  fi
  if [[ $changed == no ]]; then
    kept "PostgreSQL $PG_VERSION: settings"
  else
    made "PostgreSQL $PG_VERSION: settings in $PG_CONF/conf.d/grimbots.conf"
  fi
  if [[ $STARTS == yes ]]; then
    # Memory and connections are given when it starts.
    if [[ $changed == yes ]]; then systemctl restart "postgresql@$PG_VERSION-$PG_NAME"; fi
    systemctl start "postgresql@$PG_VERSION-$PG_NAME"
    was_running=yes
  elif [[ $was_running == no ]]; then
    pg_ctlcluster "$PG_VERSION" "$PG_NAME" start 9>&-
  fi
  within 30 as_postgres 'SELECT 1' || fail "PostgreSQL does not answer: see pg_lsclusters and its log."
}

as_postgres() { (cd / && runuser -u postgres -- psql -p "$PG_PORT" -Atqc "$1" >/dev/null 2>&1); }

ask_postgres() { (cd / && runuser -u postgres -- psql -p "$PG_PORT" -v ON_ERROR_STOP=1 -Atqc "$1"); }

# Role and database with a password that only the credential knows; prints the address.
make_database() {
  local password verb=CREATE
  password=$(random 30 | tr '+/' '-_')
  if [[ -n $(ask_postgres "SELECT 1 FROM pg_roles WHERE rolname = 'grimbots'") ]]; then verb=ALTER; fi
  # By stdin: a command line can be read by everybody on the machine.
  (cd / && runuser -u postgres -- psql -p "$PG_PORT" -v ON_ERROR_STOP=1 -Atq) <<<"$verb ROLE grimbots LOGIN PASSWORD '$password'" >&2 ||
    fail "PostgreSQL did not take the role grimbots."
  if [[ -z $(ask_postgres "SELECT 1 FROM pg_database WHERE datname = 'grimbots'") ]]; then
    ask_postgres "CREATE DATABASE grimbots OWNER grimbots TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'" >&2 ||
      fail "PostgreSQL did not make the database grimbots."
  fi
  printf 'postgres://grimbots:%s@127.0.0.1:%s/grimbots?socket=/var/run/postgresql/.s.PGSQL.%s\n' "$password" "$PG_PORT" "$PG_PORT"
}

# Pairs of name and value. A queue that forgets is no queue: nothing is evicted, and all is in the append-only file.
redis_settings() {
  cat <<END
maxmemory $(between 128 $(($(memory_mb) / 8)) 4096)mb
maxmemory-policy noeviction
appendonly yes
appendfsync everysec
END
}

set_up_redis() {
  local changed=no name value
  if { printf '# Redis for grimbots; made by install.sh, and made again by its next run.\n' && redis_settings; } |
    put /etc/redis/grimbots.conf 640 redis; then changed=yes; fi
  if ! grep -q '^include /etc/redis/grimbots.conf' /etc/redis/redis.conf; then
    # Last, because what is said later holds.
    printf '\n# Made by install.sh.\ninclude /etc/redis/grimbots.conf\n' >>/etc/redis/redis.conf
    changed=yes
  fi
  if [[ $changed == no ]]; then
    kept "Redis: settings"
    return
  fi
  made "Redis: settings in /etc/redis/grimbots.conf"
  if [[ $STARTS == no ]]; then return; fi
  systemctl start redis-server
  within 10 redis_answers || fail "Redis does not answer: see journalctl -u redis-server."
  # Told while it runs: an append-only file that is first named at a start begins empty, whatever was kept before.
  while read -r name value; do redis-cli config set "$name" "$value" >/dev/null; done < <(redis_settings)
  within 60 redis_has_written || fail "Redis did not write its append-only file: see journalctl -u redis-server."
}

redis_answers() { [[ $(redis-cli ping 2>/dev/null) == PONG ]]; }

redis_has_written() {
  local info
  info=$(redis-cli info persistence | tr -d '\r')
  [[ $info == *aof_enabled:1* && $info == *aof_rewrite_in_progress:0* && $info == *aof_rewrite_scheduled:0* ]]
}

redis_address() { printf 'redis://127.0.0.1:6379/0\n'; }
