/* What a provider may say of people: a provider of the test's own says each thing that must not be
 * believed, over a real socket, to the real child. */
#include "kernel/openid.h"
#include "kernel/tests/http_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include "kernel/proof.h"

enum { NOW = 1800000000, ARENA_MAX = 64 << 20 };

static struct arena *arena;
static struct http_server *server;
static struct workers *workers;
static EVP_PKEY *ours;
static EVP_PKEY *other;
static struct str issuer;
static struct str said_issuer; /* in the configuration */
static struct str token;       /* that it gives next */
static struct str keys;
static struct str form; /* that it was asked by */
static struct str basic;
static struct str given; /* that the person came back with */
static int token_status;

/* --- the provider --- */

static enum outcome admit(struct http_request *r, struct err *e)
{
    (void)r;
    (void)e;
    return OK;
}

static enum http_state says(struct http_request *r, int status, struct str text)
{
    r->answer.status = status;
    r->answer.media_type = "application/json";
    r->answer.body = arena_str(r->arena, text);
    return HTTP_DONE;
}

static enum http_state get_configuration(struct http_request *r)
{
    return says(r, 200,
                arena_printf(r->arena,
                             "{\"issuer\":\"%.*s\",\"authorization_endpoint\":\"%.*s/auth?x=1\","
                             "\"token_endpoint\":\"%.*s/token\",\"jwks_uri\":\"%.*s/keys\"}",
                             STR(said_issuer), STR(issuer), STR(issuer), STR(issuer)));
}

static enum http_state post_token(struct http_request *r)
{
    form = arena_str(arena, r->body);
    basic = arena_str(arena, http_header(r, "Authorization"));
    if (token_status != 200)
        return says(r, token_status, S("{\"error\":\"invalid_grant\"}"));
    return says(
        r, 200,
        arena_printf(r->arena, "{\"access_token\":\"opaque\",\"id_token\":\"%.*s\"}", STR(token)));
}

static enum http_state get_keys(struct http_request *r)
{
    return says(r, 200, keys);
}

static const struct route routes[] = {
    ROUTE("GET", "/.well-known/openid-configuration", "public", 0, get_configuration, "help"),
    ROUTE("POST", "/token", "public", 20000, post_token, "help"),
    ROUTE("GET", "/keys", "public", 0, get_keys, "help"),
};

/* --- its tokens --- */

static struct str encoded(const void *p, size_t n)
{
    return proof_base64((struct bytes){ p, n }, arena);
}

static struct str number_of(EVP_PKEY *key, const char *name)
{
    BIGNUM *n = NULL;
    uint8_t bytes[600];
    assert_int_equal(EVP_PKEY_get_bn_param(key, name, &n), 1);
    const int size = BN_bn2bin(n, bytes);
    BN_free(n);
    return encoded(bytes, (size_t)size);
}

static struct str key_set(EVP_PKEY *key, const char *id)
{
    return arena_printf(
        arena,
        "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"},{\"kty\":\"RSA\",\"kid\":\"%s\","
        "\"use\":\"sig\",\"n\":\"%.*s\",\"e\":\"%.*s\"}]}",
        id, STR(number_of(key, OSSL_PKEY_PARAM_RSA_N)), STR(number_of(key, OSSL_PKEY_PARAM_RSA_E)));
}

static struct str signed_text(const char *header, struct str claims)
{
    return arena_printf(arena, "%.*s.%.*s", STR(encoded(header, strlen(header))),
                        STR(encoded(claims.p, claims.n)));
}

static struct str token_of(EVP_PKEY *key, const char *header, struct str claims)
{
    const struct str text = signed_text(header, claims);
    uint8_t signature[1000];
    size_t n = sizeof signature;
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(c, NULL, EVP_sha256(), NULL, key), 1);
    assert_int_equal(EVP_DigestSign(c, signature, &n, (const uint8_t *)text.p, text.n), 1);
    EVP_MD_CTX_free(c);
    return arena_printf(arena, "%.*s.%.*s", STR(text), STR(encoded(signature, n)));
}

/* The claims of a good token, with one of them replaced or (value empty) left out. */
static struct str claims_with(const char *name, const char *value)
{
    const char *const rows[][2] = {
        { "iss", arena_printf(arena, "\"%.*s\"", STR(issuer)).p },
        { "sub", "\"subject-1\"" },
        { "aud", "\"vein\"" },
        { "exp", "1800000300" },
        { "iat", "1799999990" },
        { "auth_time", "1799999980" },
        { "nonce", "\"the-nonce\"" },
        { "preferred_username", "\"maria\"" },
        { "acr", "\"gold\"" },
        { "amr", "[\"pwd\",\"otp\"]" },
    };
    struct buf b = buf_in(arena, 4000);
    bool replaced = false;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const bool this = name && strcmp(rows[i][0], name) == 0;
        replaced |= this;
        if (!this || value[0])
            buf_printf(&b, "%s\"%s\":%s", b.n > 0 ? "," : "{", rows[i][0],
                       this ? value : rows[i][1]);
    }
    if (name && !replaced)
        buf_printf(&b, ",\"%s\":%s", name, value);
    buf_z(&b, "}");
    return arena_str(arena, buf_get(&b));
}

#define RS256 "{\"alg\":\"RS256\",\"kid\":\"k1\"}"

/* --- asking --- */

static struct err error;

static enum outcome ask(const char *step, struct openid_result *out)
{
    struct openid_job job = {
        .step = str_z(step),
        .issuer = issuer,
        .client = S("vein"),
        .secret = S("a b+c"),
        .claim = S("preferred_username"),
        .code = given,
        .verifier = S("verifier"),
        .back = S("https://vein.example/openid/back"),
        .nonce = S("the-nonce"),
        .now_s = NOW,
        .since_s = NOW - 100,
        .timeout_ms = 30000,
    };
    struct buf b = buf_in(arena, OPENID_FRAME_MAX);
    struct json_out json = json_out(&b);
    struct worker_result result;
    struct bytes answer;
    const struct json *tree;
    error = (struct err){ 0 };
    assert_int_equal(record_to_json(&openid_job_record, &job, &json, NULL, &error), OK);
    const struct bytes in = { (const uint8_t *)b.p, b.n };
    if (workers_run(workers, "openid", in, &answer, &result, arena, &error) != OK)
        return error.outcome;
    const struct str text = { (const char *)answer.p, answer.n };
    assert_int_equal(json_read(&tree, arena, text, &json_limits_default, &error), OK);
    assert_int_equal(record_from_json(&openid_result_record, out, arena, tree, &error), OK);
    return OK;
}

static void refused(const char *code, const char *what)
{
    struct openid_result out;
    if (ask("exchange", &out) != REFUSED)
        fail_msg("%.*s: %s %s", STR(token), error.code, error.detail);
    assert_string_equal(error.code, code);
    if (what)
        assert_true(str_is(err_param(&error, "what"), what));
}

static int set_up(void **state)
{
    (void)state;
    static const struct route *tables[] = { routes };
    static const size_t lengths[] = { sizeof routes / sizeof routes[0] };
    static const struct worker_kind *const kinds[] = { &openid_kind };
    const struct http_options http = {
        .env = &env_system,
        .listen = "127.0.0.1:0",
        .routes = tables,
        .nroutes = lengths,
        .ntables = 1,
        .admit = admit,
    };
    const struct workers_options options = {
        .env = &env_system,
        .kinds = kinds,
        .nkinds = 1,
        .folder = VEIN_BUILD,
    };
    struct err e = { 0 };
    arena = arena_new(ARENA_MAX);
    assert_int_equal(http_start(&server, &http, &e), OK);
    assert_int_equal(workers_open(&workers, &options, &e), OK);
    issuer = said_issuer = arena_printf(arena, "http://%.*s", STR(http_address(server)));
    ours = EVP_RSA_gen(2048);
    other = EVP_RSA_gen(2048);
    keys = key_set(ours, "k1");
    token = token_of(ours, RS256, claims_with(NULL, ""));
    token_status = 200;
    given = S("co de");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    workers_close(workers);
    http_stop(server);
    EVP_PKEY_free(ours);
    EVP_PKEY_free(other);
    arena_free(arena);
    return 0;
}

/* partial: ACC-02 what a good token says, and by what it was asked for */
static void a_good_token_names_its_subject(void **state)
{
    (void)state;
    struct openid_result out;
    assert_int_equal(ask("find", &out), OK);
    assert_true(str_ends(out.authorize, S("/auth?x=1")));
    assert_false(out.subject.p);
    assert_int_equal(ask("exchange", &out), OK);
    assert_true(str_is(out.subject, "subject-1"));
    assert_true(str_is(out.login, "maria"));
    assert_true(str_is(out.acr, "gold"));
    assert_int_equal(out.amr.n, 2);
    assert_true(str_eq(form, S("grant_type=authorization_code&code=co%20de&redirect_uri="
                               "https%3A%2F%2Fvein.example%2Fopenid%2Fback&code_verifier="
                               "verifier")));
    assert_true(str_eq(basic, S("Basic dmVpbjphJTIwYiUyQmM="))); /* vein:a%20b%2Bc */
    token = token_of(ours, "{\"alg\":\"RS256\"}", claims_with("aud", "[\"vein\"]"));
    assert_int_equal(ask("exchange", &out), OK); /* without the key's name, too */
}

/* The longest code that is taken on is one that the child can send, whatever has to be escaped. */
static void the_longest_code_is_asked_for(void **state)
{
    (void)state;
    struct openid_result out;
    char *text = arena_alloc(arena, OPENID_CODE_MAX);
    memset(text, '%', OPENID_CODE_MAX);
    given = (struct str){ text, OPENID_CODE_MAX };
    assert_int_equal(ask("exchange", &out), OK);
    assert_true(form.n > (size_t)3 * OPENID_CODE_MAX);
}

/* partial: ACC-02, SEC-03 */
static void another_keys_signature_is_none(void **state)
{
    (void)state;
    const struct str good = claims_with(NULL, "");
    token = token_of(other, RS256, good);
    refused("openid.token", "signature");
    token = arena_printf(arena, "%.*s.", STR(signed_text("{\"alg\":\"none\"}", good)));
    refused("openid.token", "form");
    token = arena_printf(arena, "%.*s.AAAA", STR(signed_text("{\"alg\":\"none\"}", good)));
    refused("openid.token", "alg");
    token = token_of(ours, "{\"alg\":\"RS256\",\"kid\":\"k2\"}", good);
    refused("openid.token", "signature");
    token = token_of(ours, "{\"alg\":\"PS256\",\"kid\":\"k1\"}", good);
    refused("openid.token", "signature");
    token = token_of(ours, "{\"alg\":\"RS256\",\"kid\":\"k1\",\"crit\":[\"b64\"]}", good);
    refused("openid.token", "alg");
    const struct str text = token_of(ours, RS256, good);
    char *changed = (char *)(uintptr_t)text.p + text.n - 100;
    *changed = *changed == 'A' ? 'B' : 'A'; /* some bits of it */
    token = text;
    refused("openid.token", "signature");
    /* HS256 by the public key, which everybody has. */
    const struct str forged = signed_text("{\"alg\":\"HS256\",\"kid\":\"k1\"}", good);
    uint8_t mac[32];
    unsigned n = sizeof mac;
    (void)HMAC(EVP_sha256(), keys.p, (int)keys.n, (const uint8_t *)forged.p, forged.n, mac, &n);
    token = arena_printf(arena, "%.*s.%.*s", STR(forged), STR(encoded(mac, n)));
    refused("openid.token", "alg");
}

static void what_is_claimed_has_to_be_for_us_and_now(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *value;
        const char *what;
    } rows[] = {
        { "iss", "\"https://evil.example\"", "iss" },
        { "iss", "", "iss" },
        { "aud", "\"another\"", "aud" },
        { "aud", "", "aud" },
        { "aud", "[]", "aud" },
        { "aud", "[\"vein\",\"another\"]", "azp" },
        { "azp", "\"another\"", "azp" },
        { "exp", "1799999900", "exp" },
        { "exp", "", "exp" },
        { "exp", "\"1800000300\"", "exp" },
        { "iat", "1800000200", "iat" },
        { "iat", "1799990000", "iat" },
        { "iat", "", "iat" },
        { "nbf", "1800000200", "nbf" },
        { "auth_time", "1799999800", "auth_time" }, /* before the person left for there */
        { "auth_time", "1800000200", "auth_time" },
        { "auth_time", "\"1799999980\"", "auth_time" },
        { "auth_time", "", "auth_time" },
        { "nonce", "\"another\"", "nonce" },
        { "nonce", "", "nonce" },
        { "at_hash", "\"AAAAAAAAAAAAAAAAAAAAAA\"", "at_hash" },
        { "at_hash", "7", "at_hash" },
        { "sub", "\"\"", "sub" },
        { "sub", "", "sub" },
        { "sub", "7", "sub" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        token = token_of(ours, RS256, claims_with(rows[i].name, rows[i].value));
        refused("openid.token", rows[i].what);
    }
    struct openid_result out;
    uint8_t digest[32];
    unsigned n = sizeof digest;
    assert_int_equal(EVP_Digest("opaque", 6, digest, &n, EVP_sha256(), NULL), 1);
    token = token_of(
        ours, RS256,
        claims_with("at_hash", arena_printf(arena, "\"%.*s\"", STR(encoded(digest, 16))).p));
    assert_int_equal(ask("exchange", &out), OK);
}

static void a_provider_that_is_none_is_found_out(void **state)
{
    (void)state;
    token_status = 400;
    refused("openid.code", NULL);
    token_status = 500;
    refused("openid.unreachable", NULL);
    token_status = 200;
    keys = S("<html>");
    refused("openid.unreachable", NULL);
    keys = S("{\"keys\":7}");
    refused("openid.token", "signature");
    said_issuer = S("https://evil.example");
    refused("openid.unreachable", NULL);
    issuer = S("http://127.0.0.1:1");
    refused("openid.unreachable", NULL);
}

/* partial: SEC-03 */
static void nonsense_is_refused(void **state)
{
    (void)state;
    static const char *const tokens[] = {
        "", ".", "..", "a.b.c", "e30.e30.e30", "e30.e30.e30.e30"
    };
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        token = str_z(tokens[i]);
        refused("openid.token", NULL);
    }
}

static void the_settings_are_looked_at(void **state)
{
    (void)state;
    struct openid_setup setup = {
        .issuer = S("https://id.example"),
        .client = S("vein"),
        .organisation = S("00000000-0000-8000-a000-6f0000000001"),
    };
    struct openid *o = NULL;
    struct err e = { 0 };
    assert_int_equal(openid_open(&o, &setup, workers, &e), OK);
    openid_close(o);
    setup.issuer = S("http://id.example");
    assert_int_equal(openid_open(&o, &setup, workers, &e), REFUSED);
    assert_true(str_is(err_param(&e, "name"), "openid_issuer"));
    setup.issuer = S("http://127.0.0.1:80/x");
    setup.organisation = S("Example");
    assert_int_equal(openid_open(&o, &setup, workers, &e), REFUSED);
    assert_true(str_is(err_param(&e, "name"), "openid_organisation"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_good_token_names_its_subject),       T(the_longest_code_is_asked_for),
        T(another_keys_signature_is_none),       T(what_is_claimed_has_to_be_for_us_and_now),
        T(a_provider_that_is_none_is_found_out), T(nonsense_is_refused),
        T(the_settings_are_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
