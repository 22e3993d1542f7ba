# What the parts of install.sh share: one line for each step, sentences for failures, and files that are written only when they differ.
# shellcheck shell=bash

CHANGES=0

made() {
  CHANGES=$((CHANGES + 1))
  say "  + $*"
}
kept() { say "  = $*"; }
# A terminal that is gone stops nothing: half an upgrade is worse than one that nobody watches.
say() { printf '%s\n' "$*" 2>/dev/null || true; }
fail() {
  printf 'install.sh: %s\n' "$1" >&2 || true
  exit "${2:-1}"
}

# put FILE MODE GROUP <content: true when it had to be written. A reader sees the old file or the new one, never a part.
put() {
  local file=$1 mode=$2 group=$3 temporary
  temporary=$(mktemp "$file.XXXXXX")
  cat >"$temporary"
  chmod "$mode" "$temporary"
  own "root:$group" "$temporary"
  if cmp -s "$temporary" "$file" && [[ $(stat -c %a:%G "$temporary") == "$(stat -c %a:%G "$file")" ]]; then
    rm -f "$temporary"
    return 1
  fi
  mv -f "$temporary" "$file"
}

# folder PATH MODE OWNER:GROUP
folder() {
  if [[ -d $1 ]]; then
    kept "$1"
  else
    mkdir -p "$1"
    made "$1"
  fi
  chmod "$2" "$1"
  own "$3" "$1"
}

# Accounts of a folder that is no system (--root) are not known here.
own() {
  if [[ $EUID -eq 0 && -z $ROOT ]]; then chown "$@"; fi
}

# random BYTES: as base64 on one line.
random() { head -c "$1" /dev/urandom | base64 -w 0; }

# within SECONDS COMMAND...: tries it until it is true, at least once.
within() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    if ((SECONDS >= end)); then return 1; fi
    sleep 0.2
  done
}
