#!/bin/bash
# Plays every scenario of tests/scenarios against a server of its own, of both builds, four at a
# time. A case is one scenario under one build.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
if [ ! -x build/gcc/scenario ]; then
    echo "skip: no build/gcc/scenario: libcurl is not there"
    echo "suite scenarios: 0 passed, 0 failed"
    exit 0
fi

one() { # BUILD FILE
    local text
    if text=$(timeout 240 build/gcc/scenario "build/$1/vein" "$2" 2>&1); then
        echo "count 1 0"
    else
        printf '%s\nnot ok: %s under build/%s\ncount 0 1\n' "$text" "$2" "$1"
    fi
}
export -f one
for build in asan gcc; do
    printf "$build %s\n" tests/scenarios/*.scn
done | xargs -P 4 -L 1 bash -c 'one "$@"' one |
    awk '/^count / { ok += $2; bad += $3; next } { print }
        END { printf "suite scenarios: %d passed, %d failed\n", ok, bad; exit bad > 0 }'
