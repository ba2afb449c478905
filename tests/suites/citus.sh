#!/bin/bash
# partial: SCA-02 tables spread by order over several PostgreSQL
# A system whose tables lie on three PostgreSQL (vein init --distributed): the same seed gives as many
# events as in a file, and everything that reads them finds them whole. Runs where the extension Citus
# is installed, which Debian does not package.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -1)
if [ -z "$bin" ] || [ ! -e "$("$bin/pg_config" --sharedir 2>/dev/null)/extension/citus.control" ]; then
    echo "skip: citus: the extension is not installed: no tables are spread over several machines"
    echo "suite citus: 0 passed, 0 failed"
    exit 0
fi
vein=$PWD/build/gcc/vein
. tests/lib/count.sh
dir=$(mktemp -d /tmp/vein-citus-XXXXXX)
as=()
if [ "$(id -u)" = 0 ]; then
    owner=postgres
    getent passwd postgres >/dev/null || owner=nobody
    chown "$owner" "$dir"
    as=(setpriv --reuid "$owner" --regid "$(id -g "$owner")" --clear-groups)
fi
machines="one two three"
finish() {
    local machine
    for machine in $machines; do
        "${as[@]}" "$bin/pg_ctl" -D "$dir/$machine" -m immediate stop >/dev/null 2>&1
    done
    [ -n "${KEEP:-}" ] || rm -rf "$dir"
}
trap finish EXIT

ask() { psql "postgresql://vein@127.0.0.1:$port/$1" -XAtqc "$2"; }
port=$((20000 + RANDOM % 12000)) first=$port
for machine in $machines; do
    (cd "$dir" && export HOME="$dir" && "${as[@]}" "$bin/initdb" -D "$dir/$machine" -U vein -A trust -E UTF8 --locale=C --no-sync &&
        "${as[@]}" "$bin/pg_ctl" -D "$dir/$machine" -l "$dir/$machine.log" -w -o "-k $dir -p $port \
            -c listen_addresses=127.0.0.1 -c fsync=off -c shared_preload_libraries=citus \
            -c max_prepared_transactions=200 -c max_connections=200" start) >"$dir/said" 2>&1
    count $? "a PostgreSQL starts: $(tail -n 3 "$dir/$machine.log")"
    ask postgres "CREATE DATABASE vein" && ask vein "CREATE EXTENSION citus"
    port=$((port + 1))
done
port=$first
ask vein "SELECT citus_set_coordinator_host('127.0.0.1', $port)" >"$dir/said" 2>&1 &&
    ask vein "SELECT citus_add_node('127.0.0.1', $((port + 1)))" >>"$dir/said" 2>&1 &&
    ask vein "SELECT citus_add_node('127.0.0.1', $((port + 2)))" >>"$dir/said" 2>&1
count $? "three know one another: $(cat "$dir/said")"
# A group reads back what it wrote to several machines: over the connections that it wrote by.
ask vein "ALTER DATABASE vein SET citus.max_adaptive_executor_pool_size = 1;
    ALTER DATABASE vein SET citus.multi_shard_modify_mode = 'sequential'"
url="postgresql://vein@127.0.0.1:$port/vein?files=$dir/f"

"$vein" init --db "postgresql://vein@127.0.0.1:$port/postgres?files=$dir/g" --distributed >"$dir/said" 2>&1
[ $? = 1 ] && grep -q 'has not the extension Citus' "$dir/said"
count $? "without the extension it is refused: $(cat "$dir/said")"
"$vein" init --db "$url" --distributed >"$dir/said" 2>&1
count $? "tables are spread: $(cat "$dir/said")"
"$vein" init --db "$url" --distributed >"$dir/said" 2>&1 && grep -q ' 0 of them now' "$dir/said"
count $? "and once: $(cat "$dir/said")"
[ "$(ask vein "SELECT count(DISTINCT nodeport) FROM citus_shards
    WHERE table_name = CAST('vein.ledger_event' AS regclass)")" -ge 2 ]
count $? "events lie on more than one machine"

# Of a database that init made, name and keys are of chance, and the root with them: not its length.
events() { awk '$1 == "events" { print $2 }' <<<"$1" | tail -1; }
life="--days 10 --orders 3 --seed 5"
# shellcheck disable=SC2086 # several words
there=$("$vein" simulate --db "$dir/file.db" $life 2>&1)
# shellcheck disable=SC2086
here=$("$vein" simulate --db "$url" $life 2>&1)
[ -n "$(events "$here")" ] && [ "$(events "$here")" = "$(events "$there")" ]
count $? "the same seed gives as many events: $here"
"$vein" verify --db "$url" >"$dir/said" 2>&1
count $? "it verifies: $(tail -1 "$dir/said")"
"$vein" rebuild --check --db "$url" >"$dir/said" 2>&1
count $? "the tables are the ledger's: $(cat "$dir/said")"
"$vein" check --db "$url" >"$dir/said" 2>&1
count $? "check finds nothing: $(grep ^bad "$dir/said")"
echo "suite citus: $passed passed, $failed failed"
[ "$failed" = 0 ]
