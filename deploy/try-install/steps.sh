# What try-install.sh does on its machine, step by step; each says what it saw.
# shellcheck shell=bash

TOKEN=7000000001:bench-token-of-35-characters-000001
BOT="" RUN=0

step() { printf '%4ds  %s\n' "$SECONDS" "$*"; }

# expect WORDS TEXT: the text has the words.
expect() { [[ $2 == *"$1"* ]] || fail "expected \"$1\" in: $2"; }

# installs BUILD OPTION...: install.sh of a build; its output and exit code in SAID and CODE.
installs() {
  local build=$1
  shift
  CODE=0
  SAID=$(inside "/root/builds/$build/install.sh" "$@" 2>&1) || CODE=$?
}

must_install() {
  installs "$@"
  ((CODE == 0)) || fail "install.sh of $* ended with $CODE: $SAID"
}

release_in_use() { inside readlink /opt/grimbots/current; }

# load SECONDS: runs beside what follows; `loaded` waits for it, and fails when an update was lost or answered twice.
load() {
  RUN=$((RUN + 1))
  nsenter -t "$LEADER" -n "$BUN" "$PROJECT/bench/installed-load.ts" --bot "$BOT" --token "$TOKEN" --seconds "$1" --rate "$RATE" --run "$RUN" \
    >"$WORK/load.json" 2>&1 &
  LOAD=$!
  sleep 2
}

loaded() {
  local code=0
  wait "$LOAD" || code=$?
  step "  load: $(<"$WORK/load.json")"
  if ((code != 0)) && [[ ${1:-} != may_double || $(<"$WORK/load.json") != *'"lost":0'* ]]; then fail "the load was not answered once each."; fi
}

# An image is made where no systemd runs: everything is there, and nothing has been started; it comes up with the machine.
try_image() {
  open_layer
  step "an image, made where no systemd runs"
  SAID=$(in_image /root/builds/one/install.sh --with-services 2>&1) || fail "install.sh in an image: $SAID"
  expect "Nothing was started" "$SAID"
  SAID=$(in_image /root/builds/one/install.sh --with-services 2>&1) || fail "install.sh again in an image: $SAID"
  expect "Nothing to do" "$SAID"
  boot
  must_install one --with-services
  expect "running and ready" "$SAID"
  step "  it booted, and install.sh found the database to migrate and nothing else"
  shut_down
  close_layer
}

try_machine() {
  open_layer
  boot
  try_first
  try_death
  try_upgrade
  try_failures
  try_boot
  try_removal
  shut_down
  close_layer
}

try_first() {
  local began=$SECONDS
  must_install one --with-services --public-url https://bots.example.com
  step "installed with PostgreSQL and Redis on a bare machine, ready after $((SECONDS - began)) s"
  must_install one --with-services
  expect "Nothing to do" "$SAID"
  step "a second time: nothing to do"
  inside systemd-run --quiet --unit=fake-telegram /root/builds/one/grimbots fake-telegram --port 8081
  inside sh -c 'echo TELEGRAM_API_ROOT=http://127.0.0.1:8081 >>/etc/grimbots/grimbots.env'
  inside systemctl restart grimbots.target
  until inside bash -c '(exec 3<>/dev/tcp/127.0.0.1/8081)' 2>/dev/null; do sleep 0.1; done
  nsenter -t "$LEADER" -n "$BUN" -e "await fetch('http://127.0.0.1:8081/_/bot', { method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: '$TOKEN', openChats: true }) })"
  inside grimbots tenant add --name Alice --email alice@example.com --json >/dev/null
  BOT=$(inside grimbots bot add --tenant 1 --token "$TOKEN" --json)
  # Nobody outside can be asked from a machine without a network.
  SAID=$(inside grimbots doctor --lang en 2>&1 || inside grimbots doctor 2>&1 || true)
  SAID=$(grep -v PUBLIC_URL <<<"$SAID" | grep -E '^FAIL' || true)
  [[ -z $SAID ]] || fail "doctor: $SAID"
  must_install one
  expect "ready" "$SAID"
  load 5
  loaded
}

try_death() {
  load 8
  inside systemctl kill --signal=KILL --kill-who=all grimbots.service grimbots-worker@tasks.service
  loaded may_double
  must_install one
  expect "Nothing to do" "$SAID"
  step "killed (-9) under load, and back by itself; nothing lost"
}

try_upgrade() {
  load 20
  must_install two --upgrade
  loaded
  [[ $(release_in_use) == releases/0.2.0 ]] || fail "the new release is not in use."
  expect "took over" "$SAID"
  step "upgraded under load, with a migration; nothing lost, nothing doubled"
}

try_failures() {
  load 75
  installs broken --upgrade --ready-within 15
  went_back "a release that ends at once"
  installs mute --upgrade --ready-within 15
  went_back "a release that hangs, with other units"
  interrupt broken
  loaded
  installs narrow --upgrade
  ((CODE == 1)) && expect "nothing was changed" "$SAID"
  [[ $(release_in_use) == releases/0.2.0 ]] || fail "the refused release is in use."
  step "a release without a way back is refused before anything is changed"
  load 20
  must_install three --upgrade
  loaded
  step "upgraded under load by a restart, because its units are others"
  installs one --upgrade
  step "the first release again, on the newer schema: $(tail -n 1 <<<"$SAID")"
  ((CODE == 0)) || fail "$SAID"
  must_install narrow --upgrade --no-way-back
  [[ $(inside sh -c 'ls /opt/grimbots/releases | wc -l') == 3 ]] || fail "three releases should be left."
  step "without a way back when asked for; three releases are left: $(inside ls -x /opt/grimbots/releases)"
}

# An upgrade whose terminal is closed in the middle.
interrupt() {
  local upgrade
  (trap - ERR; inside sh -c "echo \$\$ >/run/upgrade; exec /root/builds/$1/install.sh --upgrade" >"$WORK/interrupted" 2>&1) &
  upgrade=$!
  until [[ $(release_in_use) != releases/0.2.0 ]]; do sleep 0.1; done
  inside sh -c 'kill -HUP $(cat /run/upgrade)'
  CODE=0
  wait "$upgrade" || CODE=$?
  SAID=$(<"$WORK/interrupted")
  went_back "an upgrade that is interrupted"
}

went_back() {
  ((CODE == 1)) || fail "the upgrade to $1 should have failed: $SAID"
  expect "0.2.0 is back and ready" "$SAID"
  [[ $(release_in_use) == releases/0.2.0 ]] || fail "the release before $1 is not in use."
  step "$1: $(grep '^install.sh:' <<<"$SAID")"
}

try_boot() {
  shut_down
  boot
  must_install narrow
  expect "ready" "$SAID"
  step "after a reboot it is there again"
}

try_removal() {
  must_install narrow --uninstall
  [[ $(inside sh -c 'ls /etc/grimbots/credentials | wc -l; ls -d /opt/grimbots 2>/dev/null; pgrep -c grimbots || true') == *$'\n0' ]] || fail "uninstall left something running."
  must_install narrow
  expect '"tenantId":2' "$(inside grimbots tenant add --name Bob --email bob@example.com --json)"
  step "removed, and installed again on the data that was kept"
  installs narrow --uninstall --purge
  ((CODE == 2)) && expect "add --yes" "$SAID"
  must_install narrow --uninstall --purge --yes
  SAID=$(inside sh -c 'ls -d /etc/grimbots /opt/grimbots /var/lib/grimbots 2>/dev/null; id -u grimbots 2>/dev/null; runuser -u postgres -- psql -Atc "SELECT datname FROM pg_database WHERE datname = '"'grimbots'"'"; redis-cli --scan --pattern "{grimbots}*"; systemctl is-active redis-server postgresql') || true
  [[ $SAID == $'active\nactive' ]] || fail "purge left: $SAID"
  step "removed with everything that was kept"
}
