#!/bin/bash
# Systems at the program itself, over TLS, by curl: a key, and a client certificate of an authority that
# the server trusts; each revoked, and used again.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
vein=$PWD/build/gcc/vein
. tests/lib/count.sh
dir=$(mktemp -d)
server=''
# shellcheck disable=SC2317 # it runs by the trap
clean_up() {
    [ -z "$server" ] || kill "$server" 2>/dev/null
    wait 2>/dev/null
    rm -rf "$dir"
}
trap clean_up EXIT
at=$((20000 + RANDOM % 12000))
here=https://localhost:$at

check() { # WHAT COMMAND…
    local what=$1
    shift
    "$@"
    count $? "$what"
}

# -- certificates: the server's, an authority, two of its clients, one of another authority ------
ssl() { openssl "$@" 2>/dev/null; }
authority() { # NAME
    ssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$1" \
        -keyout "$dir/$1.key" -out "$dir/$1.pem"
}
signs() { # AUTHORITY NAME USE DAYS
    [ -f "$dir/$2.key" ] || ssl genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-256 \
        -out "$dir/$2.key"
    ssl req -new -key "$dir/$2.key" -subj "/CN=$2" -out "$dir/csr"
    ssl x509 -req -in "$dir/csr" -CA "$dir/$1.pem" -CAkey "$dir/$1.key" -CAcreateserial -days "$4" \
        -extfile <(echo "extendedKeyUsage=$3
subjectAltName=DNS:localhost") -out "$dir/$2.pem"
}
authority authority
authority stranger
signs authority server serverAuth 30
signs authority fridge clientAuth 30
signs authority unknown clientAuth 30
signs authority wrong serverAuth 30
signs stranger foreign clientAuth 30
chmod 600 "$dir"/*.key

# -- the program ---------------------------------------------------------------------------------
made=$("$vein" init --db "$dir/n.db" --admin maria --organisation "Example Clinic" 2>&1)
password=$(sed -n 's/^password //p' <<<"$made")
organisation=$(sed -n 's/^organisation //p' <<<"$made")
VEIN_CLIENT_CA=$dir/authority.pem VEIN_TLS_CERTIFICATE=$dir/server.pem VEIN_TLS_KEY=$dir/server.key \
    "$vein" serve --db "$dir/n.db" --listen "127.0.0.1:$at" >"$dir/log" 2>&1 &
server=$!
web() { curl -sS --cacert "$dir/authority.pem" "$@"; }
status() { web -o /dev/null -w '%{http_code}' "$@"; }
for ((i = 0; i < 200; i++)); do
    [ "$(status "$here/health" 2>/dev/null)" = 200 ] && break
    sleep 0.1
done
check "a browser signs in without a certificate" test 303 = "$(status -c "$dir/jar" -d login=maria \
    -d "password=$password" "$here/sign-in")"
token=$(web -b "$dir/jar" "$here/api/session" | jq -r .token)
does() { # COMMAND BODY: as the administrator, over JSON
    web -b "$dir/jar" -H "X-CSRF-Token: $token" -H "Idempotency-Key: $(cat /proc/sys/kernel/random/uuid)" \
        -H 'Content-Type: application/json' -d "$2" "$here/commands/$1"
}
account=$(does account.make "{\"organisation\":\"$organisation\",\"login\":\"fridge.3\",\"name\":\"Fridge 3\",
    \"kind\":\"service\"}" | jq -r .id)
does account.sanction "{\"account\":\"$account\",\"how\":\"label\",
    \"checked\":\"2026-01-01T00:00:00Z\"}" >/dev/null
does account.give_role "{\"account\":\"$account\",\"role\":\"administrator\",\"_reason\":\"new\",
    \"organisation\":\"$organisation\"}" >/dev/null

# -- a key ---------------------------------------------------------------------------------------
web -b "$dir/jar" -H 'Accept: text/html' -d "_csrf=$token" -d "name=Fridge 3" -d "scope=timer.confirm_clock" \
    -d "scope=site.make" -d "_reason=new" "$here/accounts/$account/keys" >"$dir/page"
key=$(grep -oE 'vein_[0-9a-f-]{36}_[A-Za-z0-9_-]{43}' "$dir/page" | head -1)
check "the page shows a key" test -n "$key"
site() { # NAME ARGUMENTS…: the status of making one
    local name=$1
    shift
    status -H "Idempotency-Key: $(cat /proc/sys/kernel/random/uuid)" -H 'Content-Type: application/json' \
        -d "{\"organisation\":\"$organisation\",\"name\":\"$name\",\"kind\":\"depot\",\"zone\":\"UTC\"}" \
        "$@" "$here/commands/site.make"
}
check "a system sends a command by its key" test 200 = "$(site one -H "Authorization: Bearer $key")"
check "and none by a wrong one" test 401 = "$(site two -H "Authorization: Bearer ${key%?}-")"
check "nor pages" test 406 = "$(status -H "Authorization: Bearer $key" "$here/account")"
does key.revoke "{\"key\":\"${key:5:36}\",\"_reason\":\"lost\"}" >/dev/null
check "nor when it was revoked" test 401 = "$(site three -H "Authorization: Bearer $key")"

# -- a certificate -------------------------------------------------------------------------------
shows() { echo --cert "$dir/$1.pem" --key "$dir/$1.key"; }
# shellcheck disable=SC2046 # words
by() { site "$1" $(shows "$1"); }
print=$(ssl x509 -in "$dir/fridge.pem" -pubkey -noout | ssl pkey -pubin -outform DER | sha256sum | cut -c1-64)
check "one that nobody enrolled is nobody's" test 401 = "$(by fridge)"
certificate=$(does certificate.enrol "{\"account\":\"$account\",\"name\":\"Fridge 3\",
    \"fingerprint\":\"$print\",\"scopes\":[\"site.make\"],\"_reason\":\"new\",
    \"expires\":\"$(date -u -d '+20 days' +%FT%TZ)\"}" | jq -r .id)
check "one that is enrolled sends commands" test 200 = "$(by fridge)"
# shellcheck disable=SC2046 # words
posted() { # TYPE: the status of JSON under it
    status $(shows fridge) -H "Content-Type: $1" -d "{\"organisation\":\"$organisation\"}" \
        "$here/commands/site.make"
}
for type in application/x-www-form-urlencoded multipart/form-data text/plain ''; do
    check "but nothing that another site's page can send (${type:-no type})" test 415 = "$(posted "$type")"
done
check "another of the same authority does not" test 401 = "$(by unknown)"
check "nor one of another authority" test 200 != "$(by foreign)"
signs stranger fridge clientAuth 30
check "nor the same key by another authority" test 200 != "$(by fridge)"
signs authority fridge serverAuth 30
check "nor one for servers" test 401 = "$(by fridge)"
signs authority fridge clientAuth 25
check "one renewed with the same key does" test 200 = "$(by fridge)"
# shellcheck disable=SC2046 # words
check "who shows one may sign in as a person" test 303 = "$(status $(shows unknown) -d login=maria \
    -d "password=$password" "$here/sign-in")"
does certificate.revoke "{\"certificate\":\"$certificate\",\"_reason\":\"scrapped\"}" >/dev/null
check "revoked, it is nobody's from the next request on" test 401 = "$(by fridge)"

"$vein" list events --db "$dir/n.db" >"$dir/events" 2>&1
kill "$server"
wait "$server" 2>/dev/null
server=''
check "the log verifies" "$vein" verify --db "$dir/n.db" >/dev/null
check "no key in what was logged" test 0 = "$(grep -cFe "${key:42}" "$dir/log")"
check "nor in the database" test 0 = "$(grep -acFe "${key:42}" "$dir/n.db")"
echo "suite keys: $passed passed, $failed failed"
[ "$failed" = 0 ]
