#!/bin/bash
# partial: SCA-02, OPS-02 (several servers, health, readiness, restarts; no metrics, no traces)
# Several `vein serve` on one PostgreSQL database, real processes: what people see of two servers,
# one restarted after the other under load, killed at random moments, cut off from the database, and
# a database that fails over to its standby. Nothing acknowledged may be lost or done twice, and the
# ledger must be one. With VEIN_FULL=1 more of it.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
if [ -z "${VEIN_POSTGRES:-}" ]; then
    if [ -z "$(find /usr/lib/postgresql -maxdepth 3 -name initdb 2>/dev/null)" ]; then
        echo "skip: PostgreSQL is not installed: several servers are not tried"
        echo "suite servers: 0 passed, 0 failed"
        exit 0
    fi
    exec tools/with-postgres bash "$0" "$@"
fi
vein=$PWD/build/gcc/vein
. tests/lib/count.sh
dir=$(mktemp -d)
psql "$VEIN_POSTGRES" -qc "CREATE DATABASE servers"
db="${VEIN_POSTGRES/\/postgres\?//servers?}&files=$dir/f"
full=${VEIN_FULL:-0}
declare -A process
export VEIN_RATE=100000 VEIN_BURST=100000
trap 'kill -9 "${process[@]}" 2>/dev/null; rm -rf "$dir"' EXIT

first=$((20000 + RANDOM % 12000))
at() { echo "http://127.0.0.1:$((first + $1))"; }

within() { # SECONDS COMMAND…: it works by then
    local until=$((${EPOCHREALTIME/./} + $1 * 1000000))
    shift
    until "$@"; do
        [ "${EPOCHREALTIME/./}" -lt $until ] || return 1
        sleep 0.05
    done
}
ready() { curl -fso /dev/null "$(at "$1")/ready"; }
leads() { curl -fs "$(at "$1")/ready" | grep -q '"leads":true'; }
not_ready() { [ "$(curl -so /dev/null -w '%{http_code}' "$(at "$1")/ready")" = 503 ]; }
start() { # SERVER
    "$vein" serve --db "$db" --listen "127.0.0.1:$((first + $1))" >>"$dir/log.$1" 2>&1 &
    process[$1]=$!
}
# As a supervisor does: who was cut off while it started has ended.
both_ready() {
    local i
    for i in 0 1; do kill -0 "${process[$i]}" 2>/dev/null || start $i; done
    ready 0 && ready 1
}
stop() { # SERVER
    kill -TERM "${process[$1]}"
    wait "${process[$1]}"
}
load_start() {
    rm -f "$dir/stop"
    node tests/faults/load.mjs "$(at 0),$(at 1)" serve.drill "$password" 8 "$dir/stop" \
        >"$dir/told" 2>&1 &
    load=$!
}
load_stop() { # sets ended: above 128, a signal ended it
    touch "$dir/stop"
    wait "$load"
    ended=$?
    return $ended
}
told() { jq ".$1" "$dir/told"; }
made() { "$vein" list events --db "$db" | grep -c 'site\.made'; }
whole() { # BEFORE WHAT
    local now
    now=$(made)
    [ "$(told acked)" -gt 0 ] && [ $((now - $1)) = "$(told acked)" ]
    count $? "$2: what was acknowledged is there, once: $((now - $1)) made, $(cat "$dir/told")"
}

out=$("$vein" init --db "$db" --admin serve.drill 2>&1)
count $? "a database is made: $out"
[ $failed = 0 ] || exit 1
ORGANISATION=$(awk '$1 == "organisation" { print $2 }' <<<"$out")
export ORGANISATION
password=$(awk '$1 == "password" { print $2 }' <<<"$out")

# --- two of them ------------------------------------------------------------------------------------
start 0
start 1
within 20 ready 0 && within 20 ready 1
count $? "two serve: $(cat "$dir"/log.*)"
[ $(($(leads 0; echo $?) + $(leads 1; echo $?))) = 1 ]
count $? "one of them leads"
"$vein" rebuild --db "$db" >"$dir/said" 2>&1
[ $? = 1 ] && grep -q 'another process writes' "$dir/said"
count $? "what must be alone is refused: $(cat "$dir/said")"
rounds=10
[ "$full" = 1 ] && rounds=100
two() { # [ROUNDS]
    node tests/servers/two.mjs "$(at 0)" "$(at 1)" serve.drill "$password" "$@" >"$dir/two" 2>&1
    while read -r line; do
        case $line in
        ok*) count 0 "$line" ;;
        *) count 1 "$line" ;;
        esac
    done <"$dir/two"
}
two $rounds

# --- one restarted after the other, under load --------------------------------------------------------
before=$(made)
export VEIN_SESSION_LOCK=2 LOCKED=423
load_start
for i in 0 1 0 1; do
    sleep 0.5
    stop $i
    count $? "server $i stops with status 0 under load"
    start $i
    within 20 ready $i
    count $? "and is ready again: $(tail -qn 3 "$dir/log.$i")"
done
sleep 0.3
load_stop
count $? "nobody was refused (status $ended): $(cut -c1-500 "$dir/told")"
[ "$(told most)" -le 2 ] # once a server that ends under it; two may while the load is high
count $? "and nobody had to ask again and again: $(cat "$dir/told")"
whole "$before" "restarted in turn"
two
unset VEIN_SESSION_LOCK LOCKED

# --- killed at random moments, connections cut ----------------------------------------------------------
before=$(made)
kills=8
[ "$full" = 1 ] && kills=60
load_start
for i in $(seq $kills); do
    sleep 0.$((RANDOM % 9 + 1))
    if [ $((i % 5)) = 0 ]; then # all connections at once, wherever they are
        psql "$VEIN_POSTGRES" -Atqc "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE application_name = 'vein'" >/dev/null
        continue
    fi
    one=$((RANDOM % 2))
    kill -9 "${process[$one]}"
    wait "${process[$one]}" 2>/dev/null
    start $one
done
within 30 both_ready
count $? "after $kills of them both are ready: $(tail -qn 2 "$dir"/log.*)"
sleep 0.5
load_stop
count $? "nobody was refused (status $ended): $(cut -c1-500 "$dir/told")"
whole "$before" "killed"

# --- cut off from the database ---------------------------------------------------------------------------
# Nobody may connect for a while: both say so, and come back by themselves.
status() { curl -so "$dir/said" -w '%{http_code}' "$(at 0)/$1"; }
before=$(made)
load_start
sleep 0.5
psql "$VEIN_POSTGRES" -qc "ALTER DATABASE servers ALLOW_CONNECTIONS false" \
    -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'servers'" >/dev/null
within 5 not_ready 0 && within 5 not_ready 1
count $? "without the database neither is ready"
[ "$(status health)" = 503 ] && [ "$(status ready)" = 503 ] && grep -q 'store\.' "$dir/said"
count $? "and says why: $(cat "$dir/said")"
[ "$(status sign-in)" = 503 ] || [ "$(status sign-in)" = 200 ]
count $? "a page is answered, or told to come again"
psql "$VEIN_POSTGRES" -qc "ALTER DATABASE servers ALLOW_CONNECTIONS true"
within 30 ready 0 && within 30 ready 1
count $? "and with it both are again: $(tail -qn 2 "$dir"/log.*)"
sleep 0.5
load_stop
count $? "nobody was refused (status $ended): $(cut -c1-500 "$dir/told")"
whole "$before" "cut off"
stop 0 && stop 1
count $? "they stop: $(tail -qn 2 "$dir"/log.*)"

# --- one ledger -------------------------------------------------------------------------------------------
"$vein" export tlog --db "$db" "$dir/tlog" >"$dir/said" 2>&1 &&
    "$vein" verify --tlog "$dir/tlog" >"$dir/said" 2>&1
count $? "its export verifies: $(tail -qn 1 "$dir/said")"
"$vein" rebuild --check --db "$db" >"$dir/said" 2>&1
count $? "the tables are the ledger's: $(cat "$dir/said")"
"$vein" check --db "$db" >"$dir/said" 2>&1
count $? "check finds nothing: $(grep ^bad "$dir/said")"

# --- a standby, and a fail-over to it ----------------------------------------------------------------------
# A pair of servers of PostgreSQL, of which the second has to confirm each commit.
bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin | sort -V | tail -1)
pair=$(mktemp -d /tmp/vein-pair-XXXXXX)
as=()
if [ "$(id -u)" = 0 ]; then
    owner=postgres
    getent passwd postgres >/dev/null || owner=nobody
    chown "$owner" "$pair"
    as=(runuser -u "$owner" --)
fi
ctl() { # NUMBER COMMAND…
    local n=$1
    shift
    (cd "$pair" && "${as[@]}" "$bin/pg_ctl" -D "$pair/$n" -l "$pair/log.$n" -w \
        -o "-k $pair -p 543$n -c listen_addresses= -c fsync=off -c max_connections=100" "$@") \
        >/dev/null 2>&1
}
ask() { psql "postgresql:///postgres?host=$pair&port=543$1&user=vein" -Atqc "$2"; }
trap 'kill -9 "${process[@]}" 2>/dev/null; ctl 1 stop -m immediate; ctl 2 stop -m immediate
    rm -rf "$dir" "$pair"' EXIT
(cd "$pair" && "${as[@]}" "$bin/initdb" -D "$pair/1" -U vein -A trust -E UTF8 --locale=C --no-sync) \
    >/dev/null 2>&1
ctl 1 start
(cd "$pair" && "${as[@]}" "$bin/pg_basebackup" -D "$pair/2" -R -c fast --no-sync \
    -d "host=$pair port=5431 user=vein application_name=second") >/dev/null 2>&1
ctl 2 start
ask 1 "ALTER SYSTEM SET synchronous_standby_names = 'second'" && ask 1 "SELECT pg_reload_conf()" >/dev/null
count $? "a pair of database servers: $(tail -qn 1 "$pair"/log.*)"
db="postgresql:///postgres?host=$pair,$pair&port=5431,5432&user=vein"
db+="&target_session_attrs=read-write&files=$dir/p"
out=$("$vein" init --db "$db" --admin serve.drill 2>&1)
ORGANISATION=$(awk '$1 == "organisation" { print $2 }' <<<"$out")
password=$(awk '$1 == "password" { print $2 }' <<<"$out")
synced() { [ "$(ask 1 "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'
    AND replay_lsn = pg_current_wal_lsn()")" = 1 ]; }
within 10 synced
! "$vein" serve --db "postgresql:///postgres?host=$pair&port=5432&user=vein&files=$dir/p" \
    --listen 127.0.0.1:0 >"$dir/said" 2>&1 && grep -q 'standby' "$dir/said"
count $? "a standby is no place to write to: $(cat "$dir/said")"
start 0
start 1
within 20 ready 0 && within 20 ready 1
count $? "two serve on the pair: $(tail -qn 2 "$dir"/log.*)"

# A commit whose wait for the standby is broken off is not acknowledged.
before=$(made)
key=$(cat /proc/sys/kernel/random/uuid)
curl -s -o /dev/null -c "$dir/jar" --data-urlencode login=serve.drill \
    --data-urlencode "password=$password" "$(at 0)/sign-in"
csrf=$(curl -s -b "$dir/jar" "$(at 0)/help" | grep -o 'name="_csrf" value="[0-9a-f]*"' | head -1 |
    cut -d'"' -f4)
once() { # SERVER: its status
    curl -so "$dir/once" -w '%{http_code}' -m 30 -b "$dir/jar" -H "X-CSRF-Token: $csrf" \
        -H 'Accept: application/json' -H 'Content-Type: application/json' \
        -H "Idempotency-Key: $key" -d "{\"organisation\":\"$ORGANISATION\",\"name\":\"once\",\"kind\":\"office\",\"zone\":\"UTC\"}" \
        "$(at "$1")/commands/site.make"
}
waits() { [ "$(ask 1 "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")" -gt 0 ]; }
ctl 2 stop -m fast
once 0 >"$dir/status" &
asked=$!
within 5 waits
count $? "a commit waits for the standby"
while kill -0 $asked 2>/dev/null; do # other commits may wait before it
    ask 1 "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'" >/dev/null
    sleep 0.2
done
wait $asked
[ "$(cat "$dir/status")" = 503 ]
count $? "broken off it is no success: $(cat "$dir/status" "$dir/once")"
once 1 >"$dir/status" &
asked=$!
sleep 1
kill -0 $asked 2>/dev/null || [ "$(cat "$dir/status")" = 503 ]
count $? "nor is it one at the other server: $(cat "$dir/status")"
ctl 2 start
wait $asked
known() { [ "$(once 0)" = 200 ] && [ "$(once 1)" = 200 ]; }
within 20 known
count $? "sent again when the standby is back, it is known: $(cat "$dir/once")"
[ $(($(made) - before)) = 1 ]
count $? "and was done once"

# The first dies under load, the second takes its place.
before=$(made)
within 10 synced
load_start
sleep 1
ctl 1 stop -m immediate
within 5 not_ready 0
count $? "without the first neither is ready"
ctl 2 promote
within 30 ready 0 && within 30 ready 1
count $? "they find the second by themselves: $(tail -qn 2 "$dir"/log.*)"
sleep 0.5
load_stop
count $? "nobody was refused (status $ended): $(cut -c1-500 "$dir/told")"
whole "$before" "failed over"
stop 0 && stop 1
count $? "they stop"
! grep -q 'gate.events_lost' "$dir"/log.*
count $? "nothing that was known is gone"
"$vein" verify --db "$db" >"$dir/said" 2>&1
count $? "the ledger verifies: $(tail -qn 1 "$dir/said")"

echo "suite servers: $passed passed, $failed failed"
[ "$failed" = 0 ]
