#!/bin/bash
# Every fuzzer over its corpus and then onwards, a minute in all (ten minutes each with --full).
# A case is one fuzzer that found nothing; what it found lies in build/fuzz and belongs, cut down,
# into tests/corpus/<name>.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
passed=0 failed=0
names=$(./dev fuzz)
if [ -z "$names" ]; then
    echo "skip: there is no fuzzer"
    echo "suite fuzz: 0 passed, 0 failed"
    exit 0
fi
seconds=$((60 / $(wc -l <<<"$names") + 1))
[ "${VEIN_FULL:-0}" = 1 ] && seconds=600
for name in $names; do
    if ./dev fuzz "$name" "$seconds" >"build/logs/fuzz-$name" 2>&1; then
        passed=$((passed + 1))
        runs=$(awk '/^stat::number_of_executed_units/ { print $2 }' "build/logs/fuzz-$name")
        echo "$name: $runs runs in $seconds s"
    else
        failed=$((failed + 1))
        grep -vE '^(#|INFO|NEW_FUNC|stat::)' "build/logs/fuzz-$name" | tail -40
        echo "not ok: fuzz $name"
    fi
done
echo "suite fuzz: $passed passed, $failed failed"
[ "$failed" = 0 ]
