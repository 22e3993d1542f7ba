# The builds of try-install.sh: this project, and what may come after it: a good one, ones that do not work, one without a way back.
# shellcheck shell=bash

make_builds() {
  local known
  known=$(grep -c 'version: [0-9]*, name:' "$PROJECT/db/migrations/index.ts")
  printf 'Building six releases …\n'
  make_build one "" ""
  # A later version whose migration leaves the older program its work.
  make_build two 0.2.0 "$(migration $((known + 1)) "$known")"
  # Ends at once; hangs; each after another migration, so that going back means an older program on a newer schema.
  make_build broken 0.3.0 "$(migration $((known + 1)) "$known")$(migration $((known + 2)) "$known")" 'process.exit(1)'
  make_build mute 0.3.1 "$(migration $((known + 1)) "$known")$(migration $((known + 2)) "$known")" 'setInterval(() => undefined, 1000)'
  # Its migration does not say that older programs still work.
  make_build narrow 0.4.0 "$(migration $((known + 1)) "$known")$(migration $((known + 2)) "$known")$(migration $((known + 3)) $((known + 3)))"
  change_units mute
  make_build three 0.5.0 "$(migration $((known + 1)) "$known")$(migration $((known + 2)) "$known")"
  change_units three
}

# migration VERSION OLDEST_PROGRAM: a line of the list.
migration() {
  printf '  { version: %s, name: "try_%s", sql: "CREATE TABLE try_%s (id integer)", oldestProgram: %s },\\n' "$1" "$1" "$1" "$2"
}

# A release with other units is taken into use by a restart.
change_units() { echo '# Another release.' | tee -a "$WORK/builds/$1/systemd/grimbots.service" >>"$WORK/builds/$1/systemd/grimbots-worker@.service"; }

# make_build NAME VERSION MIGRATIONS WHAT_SERVE_DOES_INSTEAD
make_build() {
  local tree=$WORK/tree part
  rm -rf "$tree"
  mkdir -p "$tree" "$WORK/builds"
  for part in src db queues deploy package.json bun.lock tsconfig.json bunfig.toml; do cp -r "$PROJECT/$part" "$tree/"; done
  ln -s "$PROJECT/node_modules" "$tree/node_modules"
  if [[ -n $2 ]]; then sed -i "s/\"version\": \"[^\"]*\"/\"version\": \"$2\"/" "$tree/package.json"; fi
  if [[ -n $3 ]]; then sed -i "s/^\];/$3];/" "$tree/db/migrations/index.ts"; fi
  if [[ -n ${4:-} ]]; then sed -i "s/^main(Bun/if (Bun.argv[2] === \"serve\") $4;\nelse main(Bun/" "$tree/src/main.ts"; fi
  (cd "$tree" && "$BUN" deploy/build.ts src/main.ts "$WORK/builds/$1" >/dev/null) || fail "build $1 failed."
  rm -rf "$WORK/builds/$1/runtime" "$WORK/builds/$1"/*.map "$tree"
}
