#!/bin/bash
# partial: SCA-02 a site of several machines goes on when one is lost, and loses nothing
# The files that deploy/prepare makes are whole and well formed; and deploy/drill, with VEIN_FULL=1
# alone, for it takes some minutes.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
. tests/lib/count.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

programs=$PWD/build/gcc
sed "s|^etc = .*|etc = $dir/made/@machine@|; s|^programs.vein = .*|programs.vein = $programs|
    s|^data.vein = .*|data.vein = $dir|; s|^user.haproxy = .*|user.haproxy =|" deploy/site.example >"$dir/site"
deploy/prepare "$dir/site" "$dir/made" >"$dir/said" 2>&1
count $? "all files are made: $(cat "$dir/said")"
! grep -rnE '@[a-z][a-z0-9]*(\.[a-z]+)?@' "$dir/made" >"$dir/said"
count $? "with nothing left to fill in: $(cat "$dir/said")"
[ -z "$(find "$dir/made" -type f -perm /077)" ]
count $? "and for nobody else to read"
before=$(cat "$dir/made/secrets" "$dir/made/db1/postgres.crt")
deploy/prepare "$dir/site" "$dir/made" >"$dir/said" 2>&1 &&
    [ "$before" = "$(cat "$dir/made/secrets" "$dir/made/db1/postgres.crt")" ]
count $? "made again, passwords and certificates stay: $(cat "$dir/said")"
openssl verify -CAfile "$dir/made/app1/ca.crt" -verify_hostname vein-db.example \
    "$dir/made/db2/postgres.crt" >"$dir/said" 2>&1
count $? "a database's certificate has its name: $(cat "$dir/said")"
grep -v '^database.name' "$dir/site" >"$dir/lacking"
deploy/prepare "$dir/lacking" "$dir/other" >"$dir/said" 2>&1
[ $? = 1 ] && grep -q '@database.name@ has no value' "$dir/said"
count $? "what the description lacks is said: $(cat "$dir/said")"
if command -v systemd-analyze >/dev/null; then
    systemd-analyze verify --man=no "$dir"/made/app1/*.service "$dir"/made/app1/*.timer >"$dir/said" 2>&1
    count $? "the units are well formed: $(cat "$dir/said")"
else
    echo "skip: drill: no systemd-analyze: the units are not looked at"
fi
if command -v haproxy >/dev/null; then
    haproxy -c -q -f "$dir/made/app1/haproxy.cfg" >"$dir/said" 2>&1
    count $? "HAProxy takes its file: $(cat "$dir/said")"
else
    echo "skip: drill: no haproxy: its file is not looked at"
fi
echo "suite prepare: $passed passed, $failed failed"

if [ "${VEIN_FULL:-0}" != 1 ]; then
    echo "skip: drill: fail-over of a site of several machines is tried with --full, or by deploy/drill"
    [ "$failed" = 0 ]
    exit
fi
deploy/drill 1 && [ "$failed" = 0 ]
