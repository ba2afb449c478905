#!/bin/bash
# store.sh [SECONDS [ORDERS]]: the figures that docs/scale-out.md reckons with. The same program, the
# same people and the same commands over HTTP on a file and on a PostgreSQL of its own beside it, in
# turns; and what ORDERS whole journeys are made of: events, commands, bytes, on both. PostgreSQL
# syncs as in earnest. 5 seconds, 100 orders.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-5} orders=${2:-100}
if [ -z "${VEIN_POSTGRES:-}" ]; then exec env VEIN_POSTGRES_SYNC=1 tools/with-postgres bash "$0" "$@"; fi
vein=$PWD/build/gcc/vein
psql=(psql "$VEIN_POSTGRES" -XAtq)
dir=$(mktemp -d)
. tests/lib/serve.sh
trap '[ "$server" = 0 ] || kill "$server"; rm -rf "$dir"' EXIT
[ "$("${psql[@]}" -c "SHOW fsync")" = on ] || { echo "store: this PostgreSQL does not sync" >&2; exit 2; }
export VEIN_RATE=100000 VEIN_BURST=100000

at() { echo "$VEIN_POSTGRES&schema=$1&files=$dir/$1"; }

host=$(sed -E 's/.*host=([^&]*).*/\1/' <<<"$VEIN_POSTGRES")
ticks() { # PID…: their processor's time and that of their children who ended, in µs
    local pid
    for pid; do
        sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null || true
    done | awk -v hz="$(getconf CLK_TCK)" '{ n += $12 + $13 + $14 + $15 } END { printf "%d\n", n * 1000000 / hz }'
}
postgres_ticks() {
    local each pids=()
    for each in /proc/[0-9]*; do
        [ "$(readlink "$each/cwd")" = "$host/data" ] && pids+=("${each#/proc/}")
    done
    ticks "${pids[@]}"
}

# DATABASE WORKERS: acknowledged a second from the first on, and µs of the processor for each, of vein
# and of PostgreSQL.
commands() {
    begin "$1" && start "$1"
    rm -f "$dir/stop" "$dir/acked"
    local load mine theirs before acked
    ORGANISATION=$organisation PATIENCE=180000 ACKED=$dir/acked node tests/faults/load.mjs "$base" \
        fault.drill "$password" "$2" "$dir/stop" >"$dir/told" &
    load=$!
    until [ -s "$dir/acked" ]; do sleep 0.05; done
    before=$(wc -l <"$dir/acked") mine=$(ticks "$server") theirs=$(postgres_ticks)
    sleep "$seconds"
    acked=$(($(wc -l <"$dir/acked") - before))
    echo $((acked / seconds)) $((($(ticks "$server") - mine) / acked)) \
        $((($(postgres_ticks) - theirs) / acked))
    touch "$dir/stop"
    wait "$load"
    stop
}

printf '%-12s %26s %36s\n' "" "a file" "PostgreSQL"
printf '%-12s %12s %13s %12s %13s %13s\n' clients "commands/s" "vein µs" "commands/s" "vein µs" "postgres µs"
for workers in 1 16 64; do
    commands "$dir/file$workers.db" "$workers" >"$dir/row"
    read -r rate mine _ <"$dir/row"
    commands "$(at "load$workers")" "$workers" >"$dir/row"
    read -r rate_there mine_there theirs <"$dir/row"
    printf '%-12s %12s %12s %12s %12s %12s\n' "$workers" "$rate" "$mine" "$rate_there" "$mine_there" "$theirs"
done

simulated() { # DATABASE: events
    "$vein" simulate --db "$1" --orders "$orders" --seed 1 | awk '$1 == "events" { print $2 }'
}
events=$(simulated "$dir/life.db")
simulated "$(at life)" >"$dir/same"
bytes=$(stat -c %s "$dir/life.db")
postgres=$("${psql[@]}" -c "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c
    WHERE relnamespace = CAST('life' AS regnamespace) AND relkind = 'r'")
read -r leaf commands <<<"$("${psql[@]}" -F ' ' -c "SELECT (SELECT sum(octet_length(leaf)) FROM life.ledger_event),
    (SELECT count(*) FROM life.gate_command)")"
per() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f", a / b }'; }
echo
echo "$orders orders: events $events, commands $commands, same on both: $([ "$events" = "$(cat "$dir/same")" ] && echo yes || echo no)"
echo "an order: events $(per "$events" "$orders"), commands $(per "$commands" "$orders")"
echo "an event: leaf $(per "$leaf" "$events") B, all of it in a file $(per "$bytes" "$events") B, in PostgreSQL $(per "$postgres" "$events") B"
"${psql[@]}" -F '  ' -c "SELECT relname, pg_total_relation_size(c.oid) FROM pg_class c
    WHERE relnamespace = CAST('life' AS regnamespace) AND relkind = 'r' ORDER BY 2 DESC LIMIT 8" |
    awk -v n="$events" '{ printf "  %-24s %8.1f B an event\n", $1, $2 / n }'
echo "load $(cut -d ' ' -f 1-3 /proc/loadavg)"
