#!/usr/bin/env bash
# Runs a program with the settings and credentials of the installed one: with-settings.sh PROGRAM ARGUMENT...
set -euo pipefail

etc=${GRIMBOTS_ETC:-/etc/grimbots}
if [[ ! -r $etc/grimbots.env ]]; then
  echo "grimbots: $etc/grimbots.env is for root only: use sudo." >&2
  exit 1
fi
# As systemd reads an EnvironmentFile: nothing in it is run or replaced.
while IFS= read -r line || [[ -n $line ]]; do
  if [[ $line =~ ^[[:space:]]*([A-Z_][A-Z0-9_]*)=(.*)$ ]]; then
    name=${BASH_REMATCH[1]}
    value=${BASH_REMATCH[2]%"${BASH_REMATCH[2]##*[![:space:]]}"}
    if [[ $value =~ ^\"(.*)\"$ || $value =~ ^\'(.*)\'$ ]]; then value=${BASH_REMATCH[1]}; fi
    export "$name=$value"
  fi
done <"$etc/grimbots.env"
export CREDENTIALS_DIRECTORY=$etc/credentials
exec "$@"
