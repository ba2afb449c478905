#!/bin/bash
# How long until `vein serve` answers, and the memory it holds: on an empty database, and on one with
# orders, at rest and with event streams open; beside the same program when it only prints its help.
#
#   start.sh [ORDERS [RUNS [STREAMS [FILE]]]]    20 orders, 9 runs, 64 streams; medians
#
# With FILE, a database that bench_orders left, only that one is started.
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/lib/line.sh
orders=${1:-20} runs=${2:-9} streams=${3:-64} file=${4:-}
vein=$PWD/build/gcc/vein
dir=$(mktemp -d)
server=0
trap '[ "$server" = 0 ] || kill "$server"; rm -rf "$dir"' EXIT
export VEIN_RATE=1000000 VEIN_BURST=1000000

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
micros() { echo $(($(date +%s%N) / 1000)); }
resident() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }

answers() { # PORT: whether GET /health is answered 200, without a program being started to ask
    local line
    exec 3<>"/dev/tcp/127.0.0.1/$1" || return 1
    printf 'GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n' >&3
    read -r line <&3 || line=
    exec 3>&-
    [[ $line == *" 200 "* ]]
} 2>/dev/null

start() { # FILE: sets server, port and took, in microseconds
    local from
    port=$((20000 + RANDOM % 12000))
    from=$(micros)
    "$vein" serve --db "$1" --listen "127.0.0.1:$port" >/dev/null 2>"$dir/err" &
    server=$!
    until answers "$port"; do
        kill -0 "$server" 2>/dev/null || { cat "$dir/err" >&2; exit 1; }
    done
    took=$(($(micros) - from))
}

stop() {
    kill "$server"
    wait "$server" || true
    server=0
}

measure() { # NAME FILE
    local run
    rm -f "$dir"/took "$dir"/rss
    for ((run = 0; run < runs; run++)); do
        start "$2"
        echo "$took" >>"$dir/took"
        resident "$server" >>"$dir/rss"
        stop
    done
    line f "start-up, $1" "$(awk -v us="$(median <"$dir/took")" 'BEGIN { printf "%.1f", us / 1000 }')" ms \
        beside="only its help" limit="$help" at_most=1000
    line g "resident memory just started, $1" \
        "$(awk -v kb="$(median <"$dir/rss")" 'BEGIN { printf "%.1f", kb * 1024 / 1e6 }')" MB at_most=300
}

for ((run = 0; run < runs; run++)); do
    from=$(micros)
    "$vein" help >/dev/null 2>&1 || true
    echo $(($(micros) - from)) >>"$dir/help"
done
help=$(awk -v us="$(median <"$dir/help")" 'BEGIN { print us / 1000 }')
if [ -n "$file" ]; then
    measure "$orders orders" "$file"
    exit
fi

"$vein" init --db "$dir/empty" --admin bench.drill >"$dir/init"
measure "an empty database" "$dir/empty"
"$vein" simulate --db "$dir/lived" --orders "$orders" --seed 1 >/dev/null
measure "$orders orders" "$dir/lived"

# Streams: one person's, over one session.
start "$dir/empty"
password=$(awk '$1 == "password" { print $2 }' "$dir/init")
curl -fs -o /dev/null -c "$dir/cookies" --data-urlencode "login=bench.drill" \
    --data-urlencode "password=$password" "http://127.0.0.1:$port/sign-in"
before=$(resident "$server")
opened=()
for ((i = 0; i < streams; i++)); do
    curl -sN -m 20 -b "$dir/cookies" -o "$dir/stream.$i" "http://127.0.0.1:$port/live" &
    opened+=($!)
done
sleep 3
live=$(grep -l . "$dir"/stream.* | wc -l)
after=$(resident "$server")
kill "${opened[@]}" 2>/dev/null || true
wait "${opened[@]}" 2>/dev/null || true
awk -v n="$live" -v kb=$((after - before)) 'BEGIN {
    if (n == 0) print "no stream was opened"
    else printf "%d streams open: %.1f MB more, %.0f KB each\n", n, kb / 1024, kb / n }'
stop
