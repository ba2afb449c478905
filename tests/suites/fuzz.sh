#!/bin/bash
# Every fuzzer over its corpus and then onwards, two at a time, half a minute in all (ten minutes
# each with --full). A case is one fuzzer that found nothing; what it found lies in build/fuzz and
# belongs, cut down, into tests/corpus/<name>.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
names=$(./dev fuzz)
if [ -z "$names" ]; then
    echo "skip: there is no fuzzer"
    echo "suite fuzz: 0 passed, 0 failed"
    exit 0
fi
seconds=$((60 / $(wc -l <<<"$names") + 1))
[ "${VEIN_FULL:-0}" = 1 ] && seconds=600
./dev fuzz --build || exit 1

one() { # NAME SECONDS
    local log=build/logs/fuzz-$1
    if tools/fuzz "$1" "$2" >"$log" 2>&1; then
        echo "ok: fuzz $1: $(awk '/^stat::number_of_executed_units/ { print $2 }' "$log") runs in $2 s"
    else
        grep -vE '^(#|INFO|NEW_FUNC|stat::)' "$log" | tail -40
        echo "not ok: fuzz $1"
    fi
}
export -f one
told=$(xargs -P 2 -I NAME bash -c "one NAME $seconds" <<<"$names")
echo "$told"
passed=$(grep -c '^ok: ' <<<"$told")
failed=$(($(wc -l <<<"$names") - passed))
echo "suite fuzz: $passed passed, $failed failed"
[ "$failed" = 0 ]
