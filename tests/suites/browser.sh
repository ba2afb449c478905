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
servers=()
trap 'kill "${servers[@]}" 2>/dev/null; wait "${servers[@]}" 2>/dev/null; rm -rf "$dir"' EXIT

demonstrate() { # NAME VEIN ARGS…: a demonstration, whose words are in $dir/NAME
    local name=$1 vein=$2
    shift 2
    VEIN_RATE=100000 VEIN_BURST=100000 "$vein" demo --dir "$dir/$name.demo" --listen 127.0.0.1:0 \
        --speed 1 "$@" >"$dir/$name" 2>&1 &
    servers+=($!)
    for ((i = 0; i < 1200; i++)); do
        grep -q '^vein runs at' "$dir/$name" && return
        kill -0 "${servers[-1]}" 2>/dev/null || break
        sleep 0.1
    done
    cat "$dir/$name"
    echo "the server did not start"
    exit 1
}

status=0
demonstrate journeys build/gcc/vein --orders 6 --days 30
node tests/browser/languages.mjs de "$dir/journeys" "$shots" || status=1
if [ -x build/asan/vein ]; then
    ASAN_OPTIONS=detect_leaks=0 demonstrate pseudo build/asan/vein --orders 4 --days 20
    node tests/browser/languages.mjs en-XA "$dir/pseudo" "$shots" || status=1
    kill "${servers[-1]}"
else
    echo "skip: browser: no build/asan/vein: no page is read in the pseudo-language"
fi
node tests/browser/suite.mjs "$dir/journeys" "$shots" || status=1
grep -A 20 '^{' "$dir/journeys" # what the server logged
exit $status
