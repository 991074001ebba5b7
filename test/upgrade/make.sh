#!/bin/sh
# Makes the state that a version of Beamline writes, and keeps it as test/upgrade/COMMIT/state.tar.xz.
# Usage: test/upgrade/make.sh COMMIT    after `scripts/setup build node python temporal databases`; on Linux; 6 minutes
set -eu
cd "$(dirname -- "$0")/../.."
commit=$(git rev-parse --short=7 "$1")
work=$(mktemp -d /tmp/beamline-upgrade-XXXXXX)
root=$work/$(printf '%0120d' 0 | tr 0 p | cut -c "$((${#work} + 2))-")
git clone --quiet . "$work/clone"
git -C "$work/clone" checkout --quiet "$commit"
"$work/clone/scripts/setup" node python build temporal databases
mkdir "$root"
# The state names its host.
unshare --uts sh -c 'hostname beamline-old && exec scripts/with-node node dist/test/upgrade/make.js "$@"' - "$work/clone" "$root"
password=$(sed -n 's/.*"password": "\(.*\)".*/\1/p' "$root/.connections.json")
mkdir -p "test/upgrade/$commit"
"$work/clone/.venv/bin/python" test/upgrade/state.py pack "$root" "test/upgrade/$commit/state.tar.xz" \
  "$work/clone" "$password" "$HOME"
rm -rf "$work"
