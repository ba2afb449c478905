#!/bin/bash
# Every bench runs, as small as it can be, and prints figures: what nobody calls between two
# releases would otherwise end in silence. What the figures are is nobody's concern here. Those that
# take ten seconds and more even so run with VEIN_FULL=1 alone.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
. tests/lib/count.sh

declare -A least=([checkpoint]=5 [face]="6 1 1" [feed]=2000 [flow]="1 1" [form]=1 [gate]=1 [job]=50 [look]=50
    [orders]=1000 [pages]=2000 [postgres]=1 [print]=20 [scan]=20 [search]=300 [seal]=10 [sign]="1 6" [sim]=2
    [start]="1 1 2" [store]="1 1" [trail]=2000 [verify]=2000)
long="face gate pages postgres scan sign store" # they measure for seconds on end
small() { # NAME: what it printed is kept in build/logs
    local log=build/logs/bench-$1 run=(build/gcc/bench_"$1")
    [ ! -f "bench/$1.sh" ] || run=(bash "bench/$1.sh")
    # shellcheck disable=SC2086 # a word a number
    timeout 120 "${run[@]}" ${least[$1]:-} >"$log" 2>&1 && grep -q '[0-9]' "$log"
}
mkdir -p build/logs
for file in bench/*.sh bench/*.c; do
    name=${file##*/} name=${name%.*}
    if [ "${VEIN_FULL:-0}" != 1 ] && [[ " $long " == *" $name "* ]]; then
        echo "skip: bench $name takes long: VEIN_FULL=1 (./dev test --full) runs it"
        continue
    fi
    case $name in
    gate_postgres) continue ;; # postgres runs it
    postgres | store) [ -n "$(find /usr/lib/postgresql -maxdepth 3 -name pgbench 2>/dev/null)" ] || {
        echo "skip: PostgreSQL is not installed: no bench $name"
        continue
    } ;;
    esac
    small "$name"
    count $? "bench $name: $(tail -3 "build/logs/bench-$name")"
done
echo "suite bench: $passed passed, $failed failed"
[ "$failed" = 0 ]
