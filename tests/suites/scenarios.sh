#!/bin/bash
# Plays every scenario of tests/scenarios against a server of its own, of both builds. A case is one
# scenario under one build.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
passed=0 failed=0
if [ ! -x build/gcc/scenario ]; then
    echo "skip: no build/gcc/scenario: libcurl is not there"
    echo "suite scenarios: 0 passed, 0 failed"
    exit 0
fi
for build in gcc asan; do
    for file in tests/scenarios/*.scn; do
        if timeout 120 build/gcc/scenario "build/$build/vein" "$file"; then
            passed=$((passed + 1))
        else
            failed=$((failed + 1))
            echo "not ok: $file under build/$build"
        fi
    done
done
echo "suite scenarios: $passed passed, $failed failed"
[ "$failed" = 0 ]
