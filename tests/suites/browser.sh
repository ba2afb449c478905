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
. tests/lib/demonstrate.sh

# esbuild takes the types of ui/ away without reading them.
types() {
    (cd ui && npm run --silent check) || { echo "suite browser-types: 0 passed, 1 failed"; return 1; }
    echo "suite browser-types: 1 passed, 0 failed"
}

# Two lanes, each with a demonstration and a browser of its own: a browser mostly waits.
pages() {
    local status=0
    node tests/browser/languages.mjs de "$dir/pages" "$shots" || status=1
    node tests/browser/suite.mjs pages "$dir/pages" "$shots" || status=1
    return $status
}
journeys() {
    local status=0
    if [ -x build/asan/vein ]; then
        node tests/browser/languages.mjs en-XA "$dir/pseudo" "$shots" || status=1
    else
        echo "skip: browser: no build/asan/vein: no page is read in the pseudo-language"
    fi
    node tests/browser/suite.mjs journeys "$dir/journeys" "$shots" || status=1
    return $status
}

status=0
types || status=1
demonstrate pages build/gcc/vein --orders 6 --days 30
demonstrate journeys build/gcc/vein --orders 6 --days 30
[ ! -x build/asan/vein ] || ASAN_OPTIONS=detect_leaks=0 demonstrate pseudo build/asan/vein --orders 4 --days 20
pages &
lane=$!
journeys || status=1
wait "$lane" || status=1
grep -A 20 '^{' "$dir/pages" "$dir/journeys" # what the servers logged
exit $status
