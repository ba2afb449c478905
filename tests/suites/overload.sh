#!/bin/bash
# Ten times what the program can take: who is too many is told so and when to come again, who was
# accepted is answered soon, nothing acknowledged is lost, and memory has an end. Who is slow, silent
# or deaf is cut off while others are served. The limits are made small, so that it takes seconds.
# shows: SEC-03 slow and too much input gets a clear error, has a bounded cost and does no harm.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
vein=$PWD/build/gcc/vein
overload=$PWD/build/gcc/overload
. tests/lib/count.sh
. tests/lib/serve.sh
export VEIN_RATE=100000 VEIN_BURST=100000 # the limit of an account is another one
dir=$(mktemp -d)
trap '[ "$server" = 0 ] || kill -9 "$server" 2>/dev/null; rm -rf "$dir"' EXIT

told() { node -e 'console.log(JSON.parse(require("fs").readFileSync(process.argv[1]))[process.argv[2]])' "$dir/told" "$1"; }
kib() { awk -v what="$1:" '$1 == what { print $2 }' "/proc/$server/status"; }
is() { # NAME OPERATOR NUMBER WHAT: what was told
    test "$(told "$1")" "$2" "$3"
    count $? "$4: $(cat "$dir/told")"
}

# --- ten times as many commands as connections that are served -----------------------------------------
# Each of 64 that are served has one command in the gate: what waits before one is at most 63 others.
export VEIN_CONNECTIONS=64
begin "$dir/a.db" && start "$dir/a.db" && sign_in
count $? "a server starts"
crowd() { "$overload" commands "$port" "$cookie" "$csrf" "$organisation" 640 "$1" >"$dir/told" 2>"$dir/said"; }
crowd 1
count $? "a crowd is served: $(cat "$dir/told" "$dir/said")"
first=$(told acked)
before=$(kib VmRSS)
echo 5 >"/proc/$server/clear_refs" # VmHWM begins anew: the sign-in's password took its own 64 MiB
crowd 2
count $? "and once more: $(cat "$dir/told" "$dir/said")"
echo "# $(cat "$dir/told"), resident before $before KiB, at most $(kib VmHWM)"
is acked -eq 1280 "each command is acknowledged in the end"
is unavailable -gt 0 "who is too many is told so"
is no_retry_after -eq 0 "and when to come again"
is broken -eq 0 "nobody is cut off without an answer"
is p99_ms -lt 3000 "who is accepted is answered soon"
[ "$(kib VmHWM)" -lt $((before + 32768)) ]
count $? "memory does not grow with the crowd: $before, at most $(kib VmHWM) KiB"
events=$(made "$dir/a.db")
[ "$events" = $((first + $(told acked) + 1)) ] # and the administrator's own
count $? "each command is in the ledger once: $events"
"$vein" verify --db "$dir/a.db" >"$dir/verify" 2>&1
count $? "the ledger verifies: $(cat "$dir/verify")"
stop
count $? "it stops with status 0"

# --- five hundred who are slow or silent ---------------------------------------------------------------
# A head has 10 seconds at most and here 4, a body 4; silence 2.
export VEIN_CONNECTIONS=1024 VEIN_TIMEOUT=2
start "$dir/a.db" && sign_in
"$overload" slow "$port" 500 >"$dir/told" 2>"$dir/said"
count $? "all of 500 slow clients are cut off: $(cat "$dir/told" "$dir/said")"
echo "# slow: $(cat "$dir/told")"
is ms -lt 10000 "and soon"
is refused -eq 0 "nobody else is harmed"
is answered -gt 9 "who behaves is answered meanwhile"
is worst_ms -lt 1000 "and soon"

# --- twenty who ask and never read ---------------------------------------------------------------------
before=$(find "/proc/$server/fd" -type l | wc -l)
"$overload" deaf "$port" 20 /api/openapi.json >"$dir/told" 2>"$dir/said"
count $? "all of 20 who never read are cut off: $(cat "$dir/told" "$dir/said")"
echo "# deaf: $(cat "$dir/told")"
is ms -lt 15000 "and soon"
sleep 1
[ "$(find "/proc/$server/fd" -type l | wc -l)" -le "$before" ]
count $? "and nothing of them is held"
stop

# --- more streams of news than there may be --------------------------------------------------------------
export VEIN_CONNECTIONS=12 VEIN_TIMEOUT=30
start "$dir/a.db" && sign_in
sleep 0.2
"$overload" streams "$port" "$cookie" 8 >"$dir/told" 2>"$dir/said"
count $? "each who wants a stream is answered: $(cat "$dir/told" "$dir/said")"
is given -eq 6 "half of the connections may be streams"
is no_retry_after -eq 0 "the others are told when to come again"
stop
count $? "it stops with status 0"

echo "suite overload: $passed passed, $failed failed"
[ "$failed" = 0 ]
