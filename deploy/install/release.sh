# A release: its folder under releases/, the units that run it, and the symlink that says which one is in use.
# shellcheck shell=bash

# The folders of all releases, newest first.
releases() { find "$OPT/releases" -mindepth 1 -maxdepth 1 -type d ! -name '.*' -printf '%T@ %f\n' 2>/dev/null | sort -rn | cut -d ' ' -f 2; }

# The release in use, empty when there is none.
current() { if [[ -L $OPT/current ]]; then basename "$(readlink "$OPT/current")"; fi; }

# The name that a build gets: its version; when another build has that name already, the version and the start of its checksum.
name_of_build() {
  local version sum name
  version=$("$FROM/grimbots" --version 2>/dev/null) || fail "$FROM/grimbots does not run on this machine ($(uname -m)): use a build for it."
  [[ $version =~ ^[0-9A-Za-z.+-]+$ ]] || fail "$FROM/grimbots gives no version: this is no build of grimbots."
  for name in $(releases); do
    if cmp -s "$FROM/grimbots" "$OPT/releases/$name/grimbots"; then
      printf '%s' "$name"
      return
    fi
  done
  if [[ -e $OPT/releases/$version ]]; then
    sum=$(sha256sum "$FROM/grimbots")
    version+=-${sum:0:8}
  fi
  printf '%s' "$version"
}

# Copies the build; it gets its name only when it is whole.
make_release() {
  local folder=$OPT/releases/$1 part
  if [[ -d $folder ]] && same_release "$folder"; then
    kept "release $1"
    return
  fi
  rm -rf "$OPT/releases/.new"
  mkdir "$OPT/releases/.new"
  for part in "${PARTS[@]}"; do cp -r "$FROM/$part" "$OPT/releases/.new/$part"; done
  chmod -R u=rwX,go=rX "$OPT/releases/.new"
  own -R root:root "$OPT/releases/.new"
  sync -f "$OPT/releases/.new"
  rm -rf "$folder"
  mv -T "$OPT/releases/.new" "$folder"
  made "release $1"
}

same_release() {
  local part
  for part in "${PARTS[@]}"; do diff -rq "$FROM/$part" "$1/$part" >/dev/null 2>&1 || return 1; done
}

UNITS_CHANGED=no

# The names of the units that any of the releases brought: others of such names are the operator's own.
our_units() { find "$OPT"/releases/*/systemd -type f -printf '%f\n' 2>/dev/null | sort -u; }

# The units of a release take the place of those before them; UNITS_CHANGED tells whether they differ.
use_units() {
  local unit changed=0 source
  mkdir -p "$UNITS"
  for unit in $(our_units); do
    source=$OPT/releases/$1/systemd/$unit
    if [[ -e $source ]]; then
      if put "$UNITS/$unit" 644 root <"$source"; then changed=$((changed + 1)); fi
    elif [[ -e $UNITS/$unit ]]; then
      rm -f "$UNITS/$unit"
      changed=$((changed + 1))
    fi
  done
  UNITS_CHANGED=no
  if ((changed > 0)); then
    UNITS_CHANGED=yes
    if [[ $STARTS == yes ]]; then systemctl daemon-reload; fi
    made "units in $UNITS ($changed changed)"
  else
    kept "units in $UNITS"
  fi
}

enable_units() {
  local unit enabled=0 root=()
  if [[ $STARTS == no && -n $ROOT ]]; then root=("--root=$ROOT"); fi
  for unit in "${ENABLED[@]}"; do
    if [[ $(systemctl "${root[@]}" is-enabled "$unit" 2>/dev/null) != enabled ]]; then
      systemctl --quiet "${root[@]}" enable "$unit" || fail "systemctl could not enable $unit."
      enabled=$((enabled + 1))
    fi
  done
  if ((enabled > 0)); then made "$enabled units enabled: they start with the machine"; else kept "units enabled"; fi
}

# From one moment to the next: whoever starts the program finds the old one or the new one.
point_at() {
  ln -sfn "releases/$1" "$OPT/.current"
  mv -fT "$OPT/.current" "$OPT/current"
}

# A command by which the operator runs the program with the settings of this machine.
make_command() {
  mkdir -p "$BIN"
  if put "$BIN/grimbots" 755 root <<'END'; then
#!/bin/sh
# The installed grimbots, with its settings: made by install.sh.
exec /opt/grimbots/current/install/with-settings.sh /opt/grimbots/current/grimbots "$@"
END
    made "command $BIN/grimbots"
  else
    kept "command $BIN/grimbots"
  fi
}

# run RELEASE ARGUMENT...: a command of that release, with the settings.
run() {
  local release=$OPT/releases/$1
  shift
  GRIMBOTS_ETC=$ETC "$release/install/with-settings.sh" "$release/grimbots" "$@"
}

# The current release and the two before it stay; the rest goes.
remove_old_releases() {
  local name count=0 now
  now=$(current)
  for name in $(releases); do
    if [[ $name == "$now" ]]; then continue; fi
    count=$((count + 1))
    if ((count >= KEPT_RELEASES)); then
      rm -rf "${OPT:?}/releases/$name"
      made "release $name removed: $KEPT_RELEASES are kept"
    fi
  done
}
