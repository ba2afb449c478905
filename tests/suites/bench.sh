#!/bin/bash
# Every bench runs, as small as it can be, and prints figures: what nobody calls between two
# releases would otherwise end in silence. What the figures are is nobody's concern here.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
. tests/lib/count.sh

declare -A least=([checkpoint]=5 [feed]=2000 [flow]="1 1" [form]=1 [gate]=1 [job]=50 [look]=50
    [orders]=1000 [pages]=2000 [postgres]=1 [print]=20 [scan]=20 [search]=2000 [seal]=50 [sign]="1 6" [sim]=2
    [start]="1 1 2" [trail]=12000 [verify]=2000)
small() { # NAME: what it printed is kept in build/logs
    local log=build/logs/bench-$1 run=(build/gcc/bench_"$1")
    [ ! -f "bench/$1.sh" ] || run=(bash "bench/$1.sh")
    # shellcheck disable=SC2086 # a word a number
    timeout 120 "${run[@]}" ${least[$1]:-} >"$log" 2>&1 && grep -q '[0-9]' "$log"
}
mkdir -p build/logs
for file in bench/*.sh bench/*.c; do
    name=${file##*/} name=${name%.*}
    case $name in
    gate_postgres) continue ;; # postgres runs it
    postgres) [ -n "$(find /usr/lib/postgresql -maxdepth 3 -name pgbench 2>/dev/null)" ] || {
        echo "skip: PostgreSQL is not installed: no bench of it"
        continue
    } ;;
    esac
    small "$name"
    count $? "bench $name: $(tail -3 "build/logs/bench-$name")"
done
echo "suite bench: $passed passed, $failed failed"
[ "$failed" = 0 ]
