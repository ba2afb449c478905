#!/bin/bash
# Durable commands over HTTP on PostgreSQL from 1, 16, 64 and 256 clients, beside pgbench with as many
# clients and the same rows in each transaction: postgres.sh [SECONDS], under tools/with-postgres with
# VEIN_POSTGRES_SYNC=1. 4 seconds a row.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -n "${VEIN_POSTGRES:-}" ] || exec env VEIN_POSTGRES_SYNC=1 tools/with-postgres bash "$0" "$@"
. bench/lib/line.sh
seconds=${1:-4}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
tools=$(find /usr/lib/postgresql -maxdepth 2 -name bin | sort -V | tail -1)
url="$VEIN_POSTGRES&schema=gate&files=$dir/gate"

build/gcc/bench_gate_postgres "$url" "$seconds" >"$dir/gate.tsv"

# The same four rows, with keys of their own, in tables with the same indexes.
"$tools/psql" -q -v ON_ERROR_STOP=1 "$VEIN_POSTGRES" <<'SQL'
CREATE SCHEMA alone;
CREATE SEQUENCE alone.n;
CREATE TABLE alone.ledger_event (LIKE gate.ledger_event INCLUDING ALL);
CREATE TABLE alone.ledger_head (LIKE gate.ledger_head INCLUDING ALL);
CREATE TABLE alone.gate_command (LIKE gate.gate_command INCLUDING ALL);
CREATE TABLE alone.quality_deviation (LIKE gate.quality_deviation INCLUDING ALL);
CREATE TABLE alone.event AS SELECT * FROM gate.ledger_event WHERE stream LIKE 'deviation/%' ORDER BY seq DESC LIMIT 1;
CREATE TABLE alone.head AS SELECT h.* FROM gate.ledger_head h JOIN alone.event USING (stream);
CREATE TABLE alone.command AS SELECT c.* FROM gate.gate_command c JOIN alone.event e ON c.sequence = e.seq;
CREATE TABLE alone.deviation AS SELECT d.* FROM gate.quality_deviation d JOIN alone.event e ON e.stream = 'deviation/' || d.deviation;
SQL
columns() { # TABLE NAME=EXPRESSION…: its columns, in their order, some with expressions instead
    "$tools/psql" -At "$VEIN_POSTGRES" -c "SELECT column_name FROM information_schema.columns
        WHERE table_schema = 'alone' AND table_name = '$1' ORDER BY ordinal_position" |
        while read -r column; do
            found=$column
            for own in "${@:2}"; do [ "${own%%=*}" != "$column" ] || found=${own#*=}; done
            echo "$found"
        done | paste -sd,
}
id="md5(:n::text) || :n"
{
    echo "SELECT nextval('alone.n') AS n \\gset"
    echo "BEGIN;"
    echo "INSERT INTO alone.ledger_event SELECT $(columns ledger_event seq=:n "key='d/'||$id" "stream='d/'||$id") FROM alone.event;"
    echo "INSERT INTO alone.ledger_head SELECT $(columns ledger_head "stream='d/'||$id" "key='d/'||$id") FROM alone.head;"
    echo "INSERT INTO alone.gate_command SELECT $(columns gate_command "command=$id" sequence=:n) FROM alone.command;"
    echo "INSERT INTO alone.quality_deviation SELECT $(columns quality_deviation "deviation=$id" "number='DEV-'||:n") FROM alone.deviation;"
    echo "END;"
} >"$dir/script"

while IFS=$'\t' read -r clients rate p50 p99 p999 group; do
    # Longer than the gate: its 256 connections take a second to come.
    alone=$("$tools/pgbench" -n -c "$clients" -j 2 -T $((seconds + 3)) -f "$dir/script" "$VEIN_POSTGRES" 2>"$dir/err" |
        awk '/^tps/ { print $3 }') || { cat "$dir/err" >&2; exit 1; }
    [ -n "$alone" ] || { echo "pgbench gave no rate for $clients clients" >&2; exit 1; }
    aim=()
    [ "$clients" != 64 ] || aim=(ratio_at_least=0.5)
    line a "PostgreSQL, $clients clients, durable commands" "$rate" "/s" \
        beside="pgbench, the same transaction" limit="$alone" "${aim[@]}"
    line a "PostgreSQL, $clients clients, p50" "$p50" ms
    line a "PostgreSQL, $clients clients, p99" "$p99" ms
    line a "PostgreSQL, $clients clients, p99.9" "$p999" ms
    line a "PostgreSQL, $clients clients, commands a sync" "$group" ""
done <"$dir/gate.tsv"
