#!/bin/bash
# The API through a client that is generated from its description, over a small demonstration
# network of its own; every answer is held against the schema it should have.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
install() { # as tools/bundle does: one installs, the others wait
    mkdir -p tests/api/node_modules
    (
        flock 9
        is=$(sha256sum <tests/api/package-lock.json)
        [ "$(cat tests/api/node_modules/.vein 2>/dev/null)" = "$is" ] || {
            (cd tests/api &&
                npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2) || exit 1
            echo "$is" >tests/api/node_modules/.vein
        }
    ) 9>tests/api/.lock
}
install || { echo "could not install what the API's tests need"; exit 1; }
dir=$(mktemp -d)
build/gcc/vein demo --dir "$dir/demo" --listen 127.0.0.1:0 --speed 1 --orders 6 --days 30 \
    >"$dir/out" 2>&1 &
server=$!
# shellcheck disable=SC2064 # the folder and the process of now
trap "kill $server 2>/dev/null; wait $server 2>/dev/null; rm -rf '$dir'" EXIT
for ((i = 0; i < 600; i++)); do
    grep -q '^vein runs at' "$dir/out" && break
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
done
grep -q '^vein runs at' "$dir/out" || { cat "$dir/out"; echo "the server did not start"; exit 1; }
node tests/api/suite.mjs "$dir/out"
status=$?
grep -A 20 '^{' "$dir/out" # what the server logged
exit $status
