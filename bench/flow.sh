#!/bin/bash
# How many tasks of a workflow a second are done by one process's whole work (guards, forms, checks,
# custody, events, tables), and what of the processor's time that takes, beside the same events only
# applied once more to empty tables. People and clock are simulated, the disk is real.
#
#   flow.sh [ORDERS [RUNS]]    20 orders, 5 runs; medians
set -euo pipefail
cd "$(dirname "$0")/.."
orders=${1:-20} runs=${2:-5}
vein=$PWD/build/gcc/vein
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export TIMEFORMAT='%R %U %S'

timed() { { time "$@" >"$dir/out" 2>"$dir/err"; } 2>&1 || { cat "$dir/err" >&2; exit 1; }; }
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

for ((run = 1; run <= runs; run++)); do
    rm -f "$dir"/db*
    timed "$vein" simulate --db "$dir/db" --orders "$orders" --seed 1 >"$dir/lived.$run"
    timed "$vein" rebuild --db "$dir/db" >"$dir/applied.$run"
done
"$vein" list events --db "$dir/db" >"$dir/events"
events=$(wc -l <"$dir/events")
tasks=$(awk -F '\t' '$4 == "flow.task_done"' "$dir/events" | wc -l)

row() { # NAME FILES…: seconds passed and of the processor, by task and by event
    local name=$1 passed cpu
    shift
    passed=$(awk '{ print $1 }' "$@" | median)
    cpu=$(awk '{ print $2 + $3 }' "$@" | median)
    awk -v name="$name" -v s="$passed" -v cpu="$cpu" -v tasks="$tasks" -v events="$events" 'BEGIN {
        printf "%-10s %8.2f %8.2f %10.0f %12.0f %14.0f\n", name, s, cpu, tasks / s,
            1e6 * cpu / tasks, 1e6 * cpu / events }'
    echo "$cpu" >"$dir/cpu.$name"
}

echo "$orders orders, $tasks tasks done, $events events, $runs runs"
printf '%-10s %8s %8s %10s %12s %14s\n' "" "passed s" "cpu s" "tasks/s" "cpu us/task" "cpu us/event"
row lived "$dir"/lived.*
row applied "$dir"/applied.*
awk 'NR == FNR { lived = $1; next } { printf "lived is %.1f times applied, by the processor\n", lived / $1 }' \
    "$dir/cpu.lived" "$dir/cpu.applied"
