#!/bin/bash
# store.sh [SECONDS [ORDERS]]: the figures that docs/scale-out.md reckons with. The same program, the
# same people and the same commands over HTTP on a file and on a PostgreSQL of its own beside it, in
# turns; and what ORDERS whole journeys are made of: events, commands, bytes, on both. PostgreSQL
# syncs as in earnest. 5 seconds, 100 orders.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-5} orders=${2:-100}
if [ -z "${VEIN_POSTGRES:-}" ]; then exec tools/with-postgres bash "$0" "$@"; fi
vein=$PWD/build/gcc/vein
psql=(psql "$VEIN_POSTGRES" -XAtq)
dir=$(mktemp -d)
. tests/lib/serve.sh
trap '[ "$server" = 0 ] || kill "$server"; rm -rf "$dir"' EXIT
"${psql[@]}" -c "ALTER SYSTEM SET fsync = on" -c "ALTER SYSTEM SET full_page_writes = on" \
    -c "SELECT pg_reload_conf()" >/dev/null
export VEIN_RATE=100000 VEIN_BURST=100000

at() { echo "$VEIN_POSTGRES&schema=$1&files=$dir/$1"; }

commands() { # DATABASE WORKERS: acknowledged a second
    begin "$1" && start "$1"
    rm -f "$dir/stop"
    ORGANISATION=$organisation node tests/faults/load.mjs "$base" fault.drill "$password" "$2" \
        "$dir/stop" >"$dir/told" &
    local load=$!
    sleep "$seconds"
    touch "$dir/stop"
    wait "$load"
    stop
    jq --argjson s "$seconds" '.acked / $s | floor' "$dir/told"
}

printf '%-28s %10s %10s %8s\n' "commands a second" file postgres ratio
for workers in 1 16 64; do
    file=$(commands "$dir/file$workers.db" "$workers")
    postgres=$(commands "$(at "load$workers")" "$workers")
    printf '%-28s %10s %10s %8s\n' "$workers clients" "$file" "$postgres" \
        "$(awk -v a="$postgres" -v b="$file" 'BEGIN { printf "%.2f", a / b }')"
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
