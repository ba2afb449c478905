#!/bin/bash
# How many people a second sign in and sign, from one, two and four at once, over HTTP against the
# real server: each shows a password, and a signature is asked for, shown and sent. Beside it what
# Argon2id alone takes on as many threads, with the parameters of the stored hashes, for that is
# nearly all of it; no more than two run at once in the server (AUTH_HASHING_MAX).
#
# People, orders and the signatures that are countersigned are those of a demonstration.
#
#   sign.sh [SECONDS [ORDERS]]    5 seconds a row, 30 orders
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-5} orders=${2:-30}
dir=$(mktemp -d)
export VEIN_RATE=1000000 VEIN_BURST=1000000
build/gcc/vein demo --dir "$dir/demo" --listen 127.0.0.1:0 --speed 1 --orders "$orders" --days 60 \
    >"$dir/out" 2>"$dir/err" &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT
for ((i = 0; i < 1200; i++)); do
    grep -q '^vein runs at' "$dir/out" && break
    kill -0 "$server" || { cat "$dir/err" >&2; exit 1; }
    sleep 0.1
done
python3 bench/lib/sign.py "$dir/out" "$dir/demo/vein.db" "$seconds"
