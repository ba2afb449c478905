#!/bin/bash
# partial: SCA-01 (what lives long runs with --full only)
# The same tests on PostgreSQL, on a server of their own: unit tests of kernel, modules and app that
# open a database, scenarios, a simulated network that gives the same root as on SQLite and is
# rebuilt, restored and moved from one engine to the other, a server killed under load, and a full
# disk. With VEIN_FULL=1 all of the unit tests; else some of them are left out, and said.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
if [ -z "${VEIN_POSTGRES:-}" ]; then
    if [ -z "$(find /usr/lib/postgresql -maxdepth 3 -name initdb 2>/dev/null)" ]; then
        echo "skip: PostgreSQL is not installed: nothing runs on the second engine"
        echo "suite postgres: 0 passed, 0 failed"
        exit 0
    fi
    exec tools/with-postgres bash "$0" "$@"
fi
vein=$PWD/build/gcc/vein
. tests/lib/count.sh
export VEIN_TEST_DB=postgres
dir=$(mktemp -d)
server=0
trap '[ "$server" = 0 ] || kill -9 "$server" 2>/dev/null; rm -rf "$dir"' EXIT

at() { # NAME: a schema of that name, whose files lie beside $dir/NAME
    echo "$VEIN_POSTGRES&schema=$1&files=$dir/$1"
}

# --- unit tests that open a database ----------------------------------------------------------------
# Without --full those of the kernel and of the modules that hold most of the state; not large ledgers,
# whose tree is the same over any engine, nor the long lives of many orders.
without='_(kernel_(ledger|ledger_cut|scrub|tlog)|(app|clinic|desk|identity)_.*|'
without+='order_(trail_review|trail|search))$'
names=$(grep -lE 'fixture|lived|store_open|node_open|test_db' -r src --include='*_test.c' |
    sed -E 's:^.*src/(modules/)?([^/]+)/tests/(.*)_test\.c$:_\2_\3:' | grep -vE '^_(base|verify)_')
if [ "${VEIN_FULL:-0}" != 1 ]; then
    echo "skip: postgres: without --full not $(grep -E "$without" <<<"$names" | tr '\n' ' ')"
    names=$(grep -vE "$without" <<<"$names")
fi
tools/units build/gcc "^test($(paste -sd '|' <<<"$names"))\$" >"$dir/units"
grep -v '^suite ' "$dir/units"
read -r ok bad < <(awk '/^suite / { print $3, $5 }' "$dir/units")
passed=$((passed + ok)) failed=$((failed + bad))

# --- scenarios --------------------------------------------------------------------------------------
scenario() { # FOLDER FILE
    timeout 240 build/gcc/scenario build/gcc/vein "$2" >"$1/${2##*/}" 2>&1 && touch "$1/${2##*/}.good"
}
export -f scenario
if [ -x build/gcc/scenario ]; then
    printf "$dir %s\n" tests/scenarios/*.scn | xargs -P 4 -L 1 bash -c 'scenario "$@"' scenario
    for file in tests/scenarios/*.scn; do
        [ -e "$dir/${file##*/}.good" ]
        count $? "$file: $(tail -5 "$dir/${file##*/}")"
    done
else
    echo "skip: no build/gcc/scenario: libcurl is not there"
fi

# --- one seed, one root: simulated, rebuilt, copied, restored ---------------------------------------
root() { awk '$1 == "events" { print $2, $4 }' <<<"$1" | tail -1; }
life="--days 20 --orders 8 --seed 5"
# shellcheck disable=SC2086 # several words
here=$("$vein" simulate --db "$(at life)" $life 2>&1)
# shellcheck disable=SC2086
there=$("$vein" simulate --db "$dir/file.db" $life 2>&1)
[ -n "$(root "$here")" ] && [ "$(root "$here")" = "$(root "$there")" ]
count $? "the same seed gives the same root: $(root "$here"), $(root "$there")"
[ "$(root "$("$vein" verify --db "$(at life)")")" = "$(root "$here")" ]
count $? "the verifier finds that root"
"$vein" rebuild --check --db "$(at life)" >"$dir/said" 2>&1
count $? "the tables are the ledger's: $(cat "$dir/said")"
"$vein" check --db "$(at life)" >"$dir/said" 2>&1
count $? "check finds nothing: $(grep ^bad "$dir/said")"
"$vein" backup --db "$(at life)" --keys "$dir/keys" "$dir/backup" >"$dir/said" 2>&1
count $? "a backup is made: $(cat "$dir/said")"
for to in "$(at restored)" "$dir/restored.db"; do
    "$vein" restore --from "$dir/backup" --keys "$dir/keys" --root "$dir/life.root" --db "$to" \
        --reason "a test" >"$dir/said" 2>&1
    count $? "it is restored: $(cat "$dir/said")"
    "$vein" check --db "$to" >"$dir/said" 2>&1
    count $? "and whole: $(grep ^bad "$dir/said")"
    "$vein" restore --from "$dir/backup" --keys "$dir/keys" --root "$dir/life.root" --db "$to" \
        --reason "a test" >"$dir/said" 2>&1
    [ $? = 1 ]
    count $? "and not restored twice: $(cat "$dir/said")"
done

# --- moved: a file, PostgreSQL, a file ---------------------------------------------------------------
move() { # FROM TO
    "$vein" copy --from "$1" --to "$2" >"$dir/said" 2>&1
    count $? "it moves: $(cat "$dir/said")"
    [ "$(root "$(cat "$dir/said")")" = "$(root "$there")" ]
    count $? "with the same root: $(cat "$dir/said")"
    "$vein" serve --db "$1" --listen 127.0.0.1:0 >"$dir/said" 2>&1
    [ $? = 1 ] && grep -q 'it lives on at ' "$dir/said"
    count $? "what it left serves no more: $(cat "$dir/said")"
    "$vein" verify --db "$1" >"$dir/said" 2>&1
    count $? "but verifies: $(tail -1 "$dir/said")"
    "$vein" check --db "$2" >"$dir/said" 2>&1
    count $? "and where it went it is whole: $(grep ^bad "$dir/said")"
}
"$vein" copy --from "$dir/file.db" --to "$(at life)" >"$dir/said" 2>&1
[ $? = 1 ] && grep -q 'is there already' "$dir/said"
count $? "nothing is written over: $(cat "$dir/said")"
move "$dir/file.db" "$(at moved)"
move "$(at moved)" "$dir/back.db"

# --- killed under load --------------------------------------------------------------------------------
answers() {
    for _ in $(seq 400); do
        curl -fs "$base/health" >/dev/null && return 0
        kill -0 "$server" 2>/dev/null || return 1
        sleep 0.05
    done
    return 1
}
again() {
    "$vein" serve --db "$(at load)" --listen "127.0.0.1:$port" >>"$dir/serve" 2>&1 &
    server=$!
    answers
}
made() { "$vein" list events --db "$(at load)" | grep -c 'site\.made'; }
told() { jq ".$1" "$dir/told"; }
export VEIN_RATE=100000 VEIN_BURST=100000
port=$((20000 + RANDOM % 12000))
base=http://127.0.0.1:$port
out=$("$vein" init --db "$(at load)" --admin kill.drill 2>&1)
ORGANISATION=$(awk '$1 == "organisation" { print $2 }' <<<"$out")
export ORGANISATION
before=$(made)
again
count $? "a server starts: $(tail -3 "$dir/serve")"
"$vein" rebuild --db "$(at load)" >"$dir/said" 2>&1
[ $? = 1 ] && grep -q 'another process writes' "$dir/said"
count $? "what has to be alone is refused beside it: $(cat "$dir/said")"
password=$(awk '$1 == "password" { print $2 }' <<<"$out")
node tests/faults/load.mjs "$base" kill.drill "$password" 8 "$dir/stop" >"$dir/told" 2>&1 &
load=$!
for _ in 1 2 3; do
    sleep 1
    kill -9 "$server"
    wait "$server" 2>/dev/null
    again
    count $? "it starts again after a kill: $(tail -3 "$dir/serve")"
done
sleep 0.5
touch "$dir/stop"
wait "$load"
count $? "nobody was refused: $(cat "$dir/told")"
kill -TERM "$server"
wait "$server"
count $? "it stops"
server=0
[ "$(told acked)" -gt 0 ] && [ $(($(made) - before)) = "$(told acked)" ]
count $? "what was acknowledged is there, once: $(cat "$dir/told"), $(made) of them"
"$vein" verify --db "$(at load)" >"$dir/said" 2>&1
count $? "the ledger verifies: $(tail -1 "$dir/said")"
"$vein" rebuild --check --db "$(at load)" >"$dir/said" 2>&1
count $? "the tables are the ledger's: $(cat "$dir/said")"

# --- a full disk ------------------------------------------------------------------------------------
if unshare -m mount -t tmpfs none /mnt 2>/dev/null; then
    unshare -m tools/with-postgres bash tests/faults/full_postgres.sh >"$dir/full" 2>&1
    grep -v '^suite ' "$dir/full"
    read -r ok bad < <(awk '/^suite / { print $3, $5 }' "$dir/full")
    passed=$((passed + ${ok:-0})) failed=$((failed + ${bad:-1}))
else
    echo "skip: no disk of our own can be mounted: a full disk under PostgreSQL is not tried"
fi

echo "suite postgres: $passed passed, $failed failed"
[ "$failed" = 0 ]
