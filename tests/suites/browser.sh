#!/bin/bash
# One order from vein to vein in a real browser, at phone and desktop size, by several people at
# once, over a small demonstration network of its own; and every kind of page before axe-core.
#   tests/suites/browser.sh [--shots DIR]   also puts a picture of each page, at three sizes, light
#                                           and dark, into DIR
set -uo pipefail
shots=${2:-}
[ -z "$shots" ] || shots=$(mkdir -p "$shots" && realpath "$shots")
cd "$(dirname "$0")/../.." || exit 2
tools/bundle --install --all || { echo "could not install what the browser needs"; exit 1; }
dir=$(mktemp -d)
build/gcc/vein demo --dir "$dir/demo" --listen 127.0.0.1:0 --speed 1 --orders 6 --days 30 \
    >"$dir/out" 2>&1 &
server=$!
# shellcheck disable=SC2064 # the folder and the process of now
trap "kill $server 2>/dev/null; wait $server 2>/dev/null; rm -rf '$dir'" EXIT
for ((i = 0; i < 600; i++)); do
    grep -q '^vein runs at' "$dir/out" && break
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
done
grep -q '^vein runs at' "$dir/out" || { cat "$dir/out"; echo "the server did not start"; exit 1; }
node tests/browser/suite.mjs "$dir/out" "$shots"
status=$?
grep -A 20 '^{' "$dir/out" # what the server logged
exit $status
