#!/bin/bash
# Signing in by an identity provider, with a real one: glewlwyd in a folder of its own, on loopback,
# as an ordinary user. Linking, signing in, what is refused, keys that change, a provider that is down.
# When a person signed in (auth_time) glewlwyd reads from the session of who redeems a code, which is
# this program and has none there: so what redeems codes gets the person's cookie on the way to it.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
command -v glewlwyd >/dev/null || { echo "skipped: no glewlwyd (Debian package glewlwyd)"; exit 0; }
vein=$PWD/build/gcc/vein
. tests/lib/count.sh
dir=$(mktemp -d)
server='' provider='' proxy=''
# shellcheck disable=SC2064,SC2317 # it runs by the trap
clean_up() {
    kill $server $provider $proxy 2>/dev/null
    wait 2>/dev/null
    rm -rf "$dir"
}
trap clean_up EXIT
at=$((20000 + RANDOM % 12000))
here=http://127.0.0.1:$at
there=http://127.0.0.1:$((at + 1))
api=$there/api
secret=s3cret-of-the-clinic
tables=/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3

check() { # WHAT COMMAND…
    local what=$1
    shift
    "$@"
    count $? "$what"
}
not() { ! "$@" >/dev/null 2>&1; }
within() { # SECONDS COMMAND…
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.1
    done
}

# -- the provider --------------------------------------------------------------------------------
mkdir "$dir/id"
sqlite3 "$dir/id/db" <"$tables"
for key in 1 2; do
    openssl genrsa 2048 2>/dev/null >"$dir/key$key"
    openssl rsa -in "$dir/key$key" -pubout 2>/dev/null >"$dir/key$key.pub"
done
cat >"$dir/id/conf" <<END
port=$((at + 2))
bind_address="127.0.0.1"
external_url="$there"
login_url="login.html"
api_prefix="api"
log_mode="console"
log_level="INFO"
cookie_domain="127.0.0.1"
cookie_secure=0
session_key="GLEWLWYD2_SESSION_ID"
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="/usr/lib/glewlwyd/user"
user_middleware_module_path="/usr/lib/glewlwyd/user_middleware"
client_module_path="/usr/lib/glewlwyd/client"
user_auth_scheme_module_path="/usr/lib/glewlwyd/scheme"
plugin_module_path="/usr/lib/glewlwyd/plugin"
hash_algorithm="SHA512"
database = { type = "sqlite3" path = "$dir/id/db" };
END
as=()
if [ "$(id -u)" = 0 ]; then
    chmod 711 "$dir"
    chown -R nobody "$dir/id"
    as=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
fi
provide() {
    "${as[@]}" glewlwyd --config-file="$dir/id/conf" >>"$dir/id.log" 2>&1 &
    provider=$!
    within 10 curl -so /dev/null "http://127.0.0.1:$((at + 2))"
}
tell() { # JAR ARGUMENTS…: speaks JSON to the provider
    local jar=$1
    shift
    curl -fsS -b "$dir/$jar" -c "$dir/$jar" -H 'Content-Type: application/json' "$@" >/dev/null
}
plugin() { # KEY
    jq -n --rawfile key "$dir/key$1" --rawfile cert "$dir/key$1.pub" \
        --arg iss "$api/oidc" '{module: "oidc", name: "oidc", display_name: "x", enabled: true,
        parameters: {iss: $iss, "jwt-type": "rsa", "jwt-key-size": "256", key: $key, cert: $cert,
        "access-token-duration": 3600, "refresh-token-duration": 3600, "code-duration": 600,
        "refresh-token-rolling": true, "allow-non-oidc": false, "auth-type-code-enabled": true,
        "auth-type-refresh-enabled": true, "auth-type-token-enabled": false,
        "auth-type-id-token-enabled": true, "auth-type-none-enabled": false,
        "auth-type-password-enabled": false, "auth-type-client-enabled": false,
        "pkce-allowed": true, "pkce-method-plain-allowed": false, "code-replay": true,
        "subject-type": "public", "jwks-show": true, "allowed-scope": ["openid"], scope: [],
        "additional-parameters": [], claims: [], "name-claim": "no", "email-claim": "no",
        "scope-claim": "no"}}'
}
person() { # NAME: of the provider, signed in there
    tell admin "$api/user/?source=database" -d "{\"username\":\"$1\",\"name\":\"$1\",
        \"password\":\"$1-there\",\"scope\":[\"openid\",\"g_profile\"],\"enabled\":true}"
    tell "$1" "$api/auth/" -d "{\"username\":\"$1\",\"password\":\"$1-there\"}"
    tell "$1" -X PUT "$api/auth/grant/vein" -d '{"scope":"openid"}'
}
python3 tests/lib/cookie_proxy.py $((at + 1)) $((at + 2)) /token "$dir/redeems" 2>>"$dir/id.log" &
proxy=$!
provide
check "the provider runs" within 10 curl -so /dev/null "$there"
tell admin "$api/auth/" -d '{"username":"admin","password":"password"}'
tell admin "$api/mod/plugin/" -d "$(plugin 1)"
tell admin "$api/client/?source=database" -d "$(jq -n --arg back "$here/openid/back" \
    --arg secret "$secret" '{client_id: "vein", name: "vein", enabled: true, confidential: true,
    password: $secret, redirect_uri: [$back], authorization_type: ["code"], scope: ["openid"],
    token_endpoint_auth_method: ["client_secret_basic"]}')"
person maria
person paula
check "it has its configuration" curl -fso /dev/null "$api/oidc/.well-known/openid-configuration"

# -- this program --------------------------------------------------------------------------------
serve() {
    "$vein" serve --db "$dir/n.db" --listen "127.0.0.1:$at" >>"$dir/log" 2>&1 &
    server=$!
    within 20 curl -fso /dev/null "$here/health"
}
stop() {
    kill "$server"
    wait "$server" 2>/dev/null
}
get() { # JAR PATH: head and body
    curl -sS -i -b "$dir/$1" -c "$dir/$1" -H 'Accept: text/html' "$here$2"
}
session() { curl -sS -b "$dir/$1" "$here/api/session" | jq -r ".$2"; }
enter() { # JAR: by password
    curl -sS -o /dev/null -w '%{http_code}' -b "$dir/$1" -c "$dir/$1" -d "login=maria" \
        --data-urlencode "password=$password" "$here/sign-in" | grep -q 303
}
made=$("$vein" init --db "$dir/n.db" --admin maria --organisation "Example Clinic" 2>&1)
password=$(sed -n 's/^password //p' <<<"$made")
serve
check "a person signs in by password" enter first
organisation=$(sed -n 's/^organisation //p' <<<"$made")
stop
printf '%s\n' "$secret" >"$dir/secret"
export VEIN_OPENID_ISSUER=$api/oidc VEIN_OPENID_CLIENT=vein VEIN_OPENID_SECRET=$dir/secret \
    VEIN_OPENID_ORGANISATION=$organisation VEIN_OPENID_NAME="Example Clinic" \
    VEIN_OPENID_SCOPES=openid VEIN_PUBLIC_URL=$here
chmod 644 "$dir/secret"
check "a secret that others may read is refused" not timeout 10 "$vein" serve --db "$dir/n.db" \
    --listen "127.0.0.1:$at"
chmod 600 "$dir/secret"
serve

header() { sed -n "s/^$1: *//p" | tr -d '\r' | head -1; }
leave() { get "$1" /openid/start?next=/help | header Location; }
# JAR PERSON [URL]: through the provider, where the person has signed in; the way back that it gives
through() {
    local url=${3:-$(leave "$1")}
    awk '$6 == "GLEWLWYD2_SESSION_ID" { printf "%s=%s", $6, $7 }' "$dir/$2" >"$dir/redeems"
    curl -sS -i -b "$dir/$2" -c "$dir/$2" "$url&g_continue" | header Location
}
back() { get "$1" "${2#"$here"}"; }
says() { grep -q "$1" <<<"$answer"; }

check "the sign-in offers it" grep -q "Sign in with Example Clinic" <<<"$(get new /sign-in)"
answer=$(back new "$(through new maria)")
check "who is not linked is told what to do" says "not linked to one here"
check "and is not signed in" test "$(session new code)" = auth.sign_in

link() { # JAR PASSWORD: leaves for the provider
    answer=$(curl -sS -i -b "$dir/$1" -c "$dir/$1" --data-urlencode "password=$2" \
        -H 'Accept: text/html' -d "_csrf=$(session "$1" token)" "$here/account/identity")
    url=$(header Refresh <<<"$answer" | sed 's/^0;url=//')
}
enter first
link first "not the password"
check "linking asks for the password" says "do not belong together\|proof\|password"
check "and goes nowhere without" test -z "$url"
link first "$password"
confirm() { # JAR FORM
    curl -sS -o /dev/null -w '%{http_code}' -b "$dir/$1" -c "$dir/$1" -d "$2" "$here/account/identity/confirm"
}
answer=$(back first "$(through first maria "$url")")
check "coming back links nobody" says "^Refresh: 0;url=/account/identity"
answer=$(back new "$(through new maria)")
check "and so signs nobody in" says "not linked to one here"
answer=$(get first /account/identity)
check "the person is asked whether that is them" says "Link this identity: "
check "a form of another page links nothing" test "$(confirm first _csrf=x)" = 403
enter other
grep vein-openid "$dir/first" >>"$dir/other"
answer=$(get other /account/identity)
check "nor does another session of theirs" says "not begun in this browser"
csrf=$(session first token)
curl -sS -o /dev/null -b "$dir/first" -c "$dir/first" -d "_csrf=$csrf" "$here/lock"
check "a locked one waits" test "$(get first /account/identity | header Location)" = \
    "/locked?next=/account/identity"
check "with its form, too" test "$(confirm first "_csrf=$csrf")" = 423
enter first
link first "$password"
back first "$(through first maria "$url")" >/dev/null
csrf=$(session first token)
curl -sS -o /dev/null -b "$dir/first" -c "$dir/first" -d "_csrf=$csrf" "$here/sign-out"
check "one that ended links nothing" test "$(confirm first "_csrf=$csrf")" = 401
enter first
link first "$password"
back first "$(through first maria "$url")" >/dev/null
check "the person links it" test "$(confirm first "_csrf=$(session first token)")" = 303
check "once" test "$(confirm first "_csrf=$(session first token)")" = 422

url=$(leave new)
check "the provider is to have the person sign in anew" test "${url#*&prompt=login&max_age=}" = 600
answer=$(curl -sS -i -b "$dir/maria" "$url")
check "and does, though they are signed in there" says "^Location: .*login.html.*prompt=login"
signed_in() { # SECONDS: the people there did so long ago
    sqlite3 "$dir/id/db" "UPDATE g_user_session_scheme SET guss_last_login = strftime('%s','now') - $1"
}
way=$(through new maria)
signed_in 300
answer=$(back new "$way")
check "who signed in there earlier is nobody here" says "cannot be believed"
check "and is not signed in" test "$(session new code)" = auth.sign_in
signed_in 0
way=$(through new maria)
cp "$dir/new" "$dir/copy"
answer=$(back new "$way")
check "then signs in by it" says "You are signed in"
check "as that person" test "$(session new person)" = maria
check "goes on to where they wanted" says "/help\|/site"
answer=$(back copy "$way")
check "a code that was used is refused" says "took too long, or was used before"
answer=$(back new "$(through new paula)")
check "another person of the provider is not her" says "not linked to one here"

way=$(through new maria)
answer=$(back stranger "$way")
check "in another browser it is nobody's" says "not begun in this browser"
answer=$(back new "${way/state=???/state=zzz}")
check "with another state it is refused" says "not begun in this browser"
answer=$(back new "$(through new maria "$(leave new | sed 's/nonce=.../nonce=zzz/')")")
check "with another nonce it is refused" says "cannot be believed"
answer=$(back new "$(through new maria "$(leave new | sed 's/code_challenge=.../code_challenge=zzz/')")")
check "with another challenge the code is refused" says "took too long, or was used before"
url=$(leave new)
state=${url#*&state=}
state=${state%%&*}
answer=$(get new "/openid/back?error=access_denied&state=$state")
check "who declines is told so" says "was not finished"
url=$(leave new)
state=${url#*&state=}
state=${state%%&*}
long=$(printf '%04001d' 0)
answer=$(get new "/openid/back?code=$long&state=$state")
check "a code that is longer than codes are is none" says "not begun in this browser"
ended='^Set-Cookie: vein-openid=; .*Max-Age=0'
check "the way ends with its answer" says "$ended"
answer=$(curl -sS -i -b "$dir/new" -H 'Accept: application/json' "$here/openid/back?code=x&state=x")
check "for a program, too" says "$ended"
check "and says so as one does" says "application/problem+json"
slowed() { # asks with codes of nobody's until it is told to wait
    local i way
    way=$(leave new)
    way=${way#*&state=}
    for ((i = 0; i < 25; i++)); do
        answer=$(curl -sS -i -b "$dir/new" -H 'Accept: text/html' \
            "$here/openid/back?code=x&state=${way%%&*}")
        says "HTTP/1.1 429" && return
    done
    return 1
}
check "who asks for nothing is slowed" slowed
check "and nobody's password with it" enter password

# -- keys change, codes expire -------------------------------------------------------------------
enter_by_provider() {
    rm -f "$dir/again"
    answer=$(back again "$(through again maria)")
    says "You are signed in" && [ "$(session again person)" = maria ]
}
tell admin -X PUT "$api/mod/plugin/oidc" -d "$(plugin 2)"
check "a new key of the provider is no matter" within 5 enter_by_provider # was slowed
way=$(through new maria)
sqlite3 "$dir/id/db" "UPDATE gpo_code SET gpoc_expires_at = 1"
answer=$(back new "$way")
check "a code that is too old is refused" says "took too long, or was used before"
check "and the next is taken" enter_by_provider
curl -sS -o /dev/null -b "$dir/again" -c "$dir/again" -d "_csrf=$(session again token)" "$here/sign-out"
check "signing out ends the session" test "$(session again code)" = auth.sign_in

# -- the provider is down ------------------------------------------------------------------------
way=$(through new maria)
kill "$provider"
wait "$provider" 2>/dev/null
answer=$(back new "$way")
check "when it is down, a page says so" says "does not answer as it should"
check "and offers the password" says 'name="password"'
stop
serve
answer=$(get new /openid/start)
check "also before one leaves" says "HTTP/1.1 503"
get new /openid/start >/dev/null
check "and it is not asked again at once" grep -q '"what":"lately"' "$dir/log"
rm -f "$dir/first"
check "and one's password still signs in" enter first
provide
check "when it is back, so is its sign-in" within 10 enter_by_provider
stop
check "the log verifies" "$vein" verify --db "$dir/n.db" >/dev/null
check "no secret, code or subject in what was logged" not grep -E "s3cret|code=|maria" "$dir/log"
check "nor in the database" not grep -aqE "s3cret" "$dir/n.db"
[ "$failed" = 0 ] || grep openid "$dir/log" | tail -20
echo "suite openid: $passed passed, $failed failed"
[ "$failed" = 0 ]
