# The account, the folders, the settings and the credentials: made once, and never overwritten.
# shellcheck shell=bash

make_account() {
  # A folder that is no system yet, or not ours to change, gets its account by the first run in it.
  if [[ -n $ROOT && ($EUID -ne 0 || ! -e $ROOT/etc/passwd) ]]; then
    say "    note: no system user in $ROOT"
  elif grep -q '^grimbots:' "$ROOT/etc/passwd" || { [[ -z $ROOT ]] && getent passwd grimbots >/dev/null; }; then
    kept "system user grimbots"
  else
    useradd ${ROOT:+--prefix "$ROOT"} --system --user-group --home-dir /var/lib/grimbots --no-create-home \
      --shell /usr/sbin/nologin grimbots
    made "system user grimbots"
  fi
}

make_folders() {
  folder "$OPT/releases" 755 root:root
  folder "$ETC" 755 root:root
  folder "$ETC/credentials" 700 root:root
  folder "$STATE" 750 grimbots:grimbots
}

# The example with every setting commented out; what was given as an option is set in it.
make_settings() {
  local file=$ETC/grimbots.env option
  if [[ -e $file ]]; then
    kept "$file"
    for option in PORT PUBLIC_URL; do
      if [[ -n ${GIVEN[$option]:-} && $(setting "$option") != "${GIVEN[$option]}" ]]; then
        say "    note: $option there stays as it is; the file is yours."
      fi
    done
    return
  fi
  local text
  text=$(<"$FROM/grimbots.env.example")
  for option in "${!GIVEN[@]}"; do
    # shellcheck disable=SC2001 # A pattern of lines.
    text=$(sed "s|^#$option=.*|$option=${GIVEN[$option]}|" <<<"$text")
  done
  put "$file" 600 root <<<"$text"
  made "$file"
}

# Seals the bots' tokens and the gateways' keys in the database: whoever loses it has to enter them all again.
make_key() {
  credential secret_key random 32
}

# credential NAME COMMAND...: what the command prints becomes the credential, unless there is one.
credential() {
  local file=$ETC/credentials/$1 name=$1 value
  shift
  if [[ -s $file ]]; then
    kept "$file"
    return
  fi
  # What fails has said why, and leaves no empty credential behind.
  value=$("$@") || exit 1
  put "$file" 600 root <<<"$value"
  made "credential $name"
}

# setting NAME: its value in grimbots.env, empty when it is not set.
setting() {
  if [[ -e $ETC/grimbots.env ]]; then
    sed -n "s/^[[:space:]]*$1=[\"']\{0,1\}\([^\"']*\)[\"']\{0,1\}[[:space:]]*$/\1/p" "$ETC/grimbots.env" | tail -n 1
  fi
}

# What serving still needs, as words; nothing when it has all.
missing_settings() {
  local name lower
  for name in DATABASE_URL REDIS_URL; do
    lower=${name,,}
    if [[ ! -s $ETC/credentials/$lower && -z $(setting "$name")$(setting "${name}_FILE") ]]; then printf '%s ' "$lower"; fi
  done
}
