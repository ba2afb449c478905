#!/bin/bash
# The disk under PostgreSQL's tables is full while a server is under load: told as that, nothing half
# done, and it goes on once there is room. The tables lie in a tablespace on a small disk of our own;
# PostgreSQL's log lies elsewhere, for a full disk there ends PostgreSQL itself (a lost connection).
#   unshare -m tools/with-postgres bash tests/faults/full_postgres.sh
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
vein=$PWD/build/gcc/vein
. tests/lib/count.sh
. tests/lib/serve.sh
export VEIN_RATE=100000 VEIN_BURST=100000
dir=$(mktemp -d)
small=$(mktemp -d)
trap '[ "$server" = 0 ] || kill -9 "$server" 2>/dev/null; umount -l "$small"; rm -rf "$dir" "$small"' EXIT
db="$VEIN_POSTGRES&schema=full&files=$dir/full"
told() { jq ".$1" "$dir/told"; }
sql() { psql -qAt "$VEIN_POSTGRES" -c "$1"; }

mount -t tmpfs -o size=48m tmpfs "$small" || exit 2
mkdir "$small/tables"
chown "$(stat -c %U "$(sql 'SHOW data_directory')")" "$small" "$small/tables"
sql "CREATE TABLESPACE small LOCATION '$small/tables'" || exit 2
sql "ALTER DATABASE postgres SET default_tablespace = small"

begin "$db" && start "$db"
count $? "a server starts: $(tail -3 "$dir/serve")"
before=$(made "$db")
ORGANISATION=$organisation node tests/faults/load.mjs "$base" fault.drill "$password" 8 "$dir/stop" \
    >"$dir/told" 2>&1 &
load=$!
sleep 1
dd if=/dev/zero of="$small/filler" bs=64k >/dev/null 2>&1
for _ in $(seq 100); do
    grep -q 'store.disk_full' "$dir/serve" && break
    sleep 0.1
done
grep -q 'store.disk_full' "$dir/serve"
count $? "a full disk is told in the log: $(tail -3 "$dir/serve")"
curl -s "$base/health" >/dev/null
count $? "it still answers"
rm "$small/filler"
stop
again "$db"
count $? "with room again it starts: $(tail -3 "$dir/serve")"
sleep 0.7
touch "$dir/stop"
wait "$load"
count $? "and who asked again was answered: $(cat "$dir/told")"
stop
count $? "it stops"
[ "$(told acked)" -gt 0 ] && [ $(($(made "$db") - before)) = "$(told acked)" ]
count $? "what was acknowledged is there, once: $(cat "$dir/told"), $(made "$db") of them"
"$vein" verify --db "$db" >"$dir/said" 2>&1
count $? "the ledger verifies: $(tail -1 "$dir/said")"
"$vein" rebuild --check --db "$db" >"$dir/said" 2>&1
count $? "the tables are the ledger's: $(cat "$dir/said")"
echo "suite full_postgres: $passed passed, $failed failed"
[ "$failed" = 0 ]
