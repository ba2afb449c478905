/* Signatures by token that hold, with each kind of key, and every way in which one does not, in
 * logs that are chained, rooted and signed anew, as by someone who has the log's key but no token.
 */
#include "verify/tests/made.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

#define SIGNER  "0193a4c0-0000-7000-8000-000000000007"
#define OTHER   "0193a4c0-0000-7000-8000-000000000008"
#define COMMAND "0193a4c1-5b1e-7c3d-8e2f-0123456789ab"
#define SESSION "0193a4c1-0000-7000-8000-000000000099"
#define ID      "0193a5c0-0000-7000-8000-00000000000a"
#define TOKEN   "AQIDBA"
#define ORIGIN  "https://vein.example:8443"
#define TIME    "2026-11-22T09:29:59.000000Z"
#define AT      "2026-11-22T09:30:00.000001Z"

enum kind { ES256, EDDSA, RS256 };
static EVP_PKEY *keys[RS256 + 1], *stranger;
static struct verify_report report;

/* What is asked, answered and told; what is absent is right. */
struct told {
    enum kind kind;
    EVP_PKEY *by;                                /* whose key signs; NULL: the one enrolled */
    const char *type, *origin, *crossed, *party; /* of the answer */
    const char *asked_time, *asked_meaning;      /* what the token was asked */
    const char *time, *meaning;                  /* what the log says */
    unsigned char flags;
    const char *enrolled, *owner, *token, *enrol_type; /* of the enrolment */
    size_t cut;                                        /* bytes that the answer lacks */
    const char *key;                                   /* NULL: as it was enrolled */
};
static const struct told right = {
    .type = "webauthn.get",
    .origin = ORIGIN,
    .crossed = "false",
    .party = "vein.example",
    .asked_time = TIME,
    .asked_meaning = "approved",
    .time = TIME,
    .meaning = "approved",
    .flags = 0x05,
    .enrolled = "1",
    .owner = SIGNER,
    .token = TOKEN,
    .enrol_type = "credential.enrolled",
};

static void hex_of(char out[HASH_HEX + 1], const char *text)
{
    hash_hex(out, hash_of(text, strlen(text)));
}

static void base64(char *out, size_t size, const void *p, size_t n)
{
    sodium_bin2base64(out, size, p, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* As the writer keeps it. */
static void key_text(char *out, size_t size, enum kind kind, EVP_PKEY *key)
{
    static const char *const names[] = { "es256", "eddsa", "rs256" };
    uint8_t b[300] = { 0 };
    char text[450];
    size_t n = sizeof b;
    const uint8_t *from = b;
    if (kind == ES256) {
        assert_int_equal(
            EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, b, sizeof b, &n), 1);
        from = b + 1;
        n--;
    } else if (kind == EDDSA) {
        assert_int_equal(EVP_PKEY_get_raw_public_key(key, b, &n), 1);
    } else {
        BIGNUM *modulus = NULL;
        assert_int_equal(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &modulus), 1);
        assert_int_equal(BN_bn2binpad(modulus, b, 256), 256);
        memcpy(b + 256, "\x01\x00\x01", 3);
        n = 259;
        BN_free(modulus);
    }
    base64(text, sizeof text, from, n);
    snprintf(out, size, "%s:%s", names[kind], text);
}

static void what_of(char *out, size_t size, const char *meaning)
{
    char content[HASH_HEX + 1];
    hex_of(content, "{}");
    snprintf(out, size,
             "{\"command\":\"thing.approve\",\"kind\":\"thing\",\"id\":\"1\","
             "\"meaning\":\"%s\",\"content\":\"%s\"}",
             meaning, content);
}

static void challenge_of(uint8_t out[32], const char *meaning, const char *time)
{
    char what[400], shown[HASH_HEX + 1], bound[400];
    what_of(what, sizeof what, meaning);
    hex_of(shown, what);
    snprintf(bound, sizeof bound,
             "[\"vein.sign/1\",\"%s\",\"" SIGNER "\",\"" SESSION "\",\"" COMMAND "\",\"%s\"]",
             shown, time);
    SHA256((const uint8_t *)bound, strlen(bound), out);
}

static void answer_of(char *out, size_t size, const struct told *t)
{
    uint8_t challenge[32], data[37] = { 0 }, message[69], signature[300];
    char asked[60], client[300], parts[3][500];
    size_t n = sizeof signature;
    challenge_of(challenge, t->asked_meaning, t->asked_time);
    base64(asked, sizeof asked, challenge, sizeof challenge);
    snprintf(client, sizeof client,
             "{\"type\":\"%s\",\"challenge\":\"%s\",\"origin\":\"%s\",\"crossOrigin\":%s}", t->type,
             asked, t->origin, t->crossed);
    SHA256((const uint8_t *)t->party, strlen(t->party), data);
    data[32] = t->flags;
    memcpy(message, data, sizeof data);
    SHA256((const uint8_t *)client, strlen(client), message + sizeof data);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY *key = t->by ? t->by : keys[t->kind];
    assert_int_equal(
        EVP_DigestSignInit(ctx, NULL, t->kind == EDDSA ? NULL : EVP_sha256(), NULL, key), 1);
    assert_int_equal(EVP_DigestSign(ctx, signature, &n, message, sizeof message), 1);
    EVP_MD_CTX_free(ctx);
    base64(parts[0], sizeof parts[0], client, strlen(client));
    base64(parts[1], sizeof parts[1], data, sizeof data);
    base64(parts[2], sizeof parts[2], signature, n);
    const int length = snprintf(out, size, "%s.%s.%s", parts[0], parts[1], parts[2]);
    out[(size_t)length - t->cut] = 0;
}

static void event(struct made *m, int number, const char *stream, const char *type,
                  const char *signature, const char *payload)
{
    char leaf[6000];
    snprintf(leaf, sizeof leaf,
             "{\"format\":1,\"id\":\"" ID "\",\"organisation\":\"" ID "\",\"node\":\"n1\","
             "\"stream\":\"%s\",\"version\":1,\"key\":\"%s\",\"command\":\"" COMMAND "\","
             "\"type\":\"%s\",\"type_version\":1,\"happened\":\"" AT "\",\"entered\":\"" AT "\","
             "\"recorded\":\"" AT "\",\"logical\":\"1895339800000001.%d\","
             "\"actor\":\"account/" SIGNER "\",\"session\":\"" SESSION "\"%s,\"payload\":%s}",
             stream, stream, type, number, signature, payload);
    made_raw(m, leaf, -1);
}

static void log_of(struct made *m, const struct told *t)
{
    char key[500], payload[900], what[400], shown[HASH_HEX + 1], answer[1500], signature[4000];
    char challenge[HASH_HEX + 1];
    uint8_t asked[32];
    key_text(key, sizeof key, t->kind, keys[t->kind]);
    snprintf(payload, sizeof payload,
             "{\"credential\":\"" ID "\",\"account\":\"%s\",\"kind\":\"token\",\"token\":\"%s\","
             "\"key\":\"%s\"}",
             t->owner, t->token, key);
    event(m, 0, "unit/1", "unit.received", "", "{}");
    event(m, 1, "credential/" ID, t->enrol_type, "", payload);
    what_of(what, sizeof what, t->meaning);
    hex_of(shown, what);
    challenge_of(asked, t->meaning, t->time);
    sodium_bin2hex(challenge, sizeof challenge, asked, sizeof asked);
    answer_of(answer, sizeof answer, t);
    snprintf(signature, sizeof signature,
             ",\"signature\":{\"format\":1,\"signer\":\"" SIGNER "\",\"name\":\"An Example\","
             "\"what\":%s,\"shown\":\"%s\",\"time\":\"%s\",\"strength\":\"token\","
             "\"components\":\"token+verification\",\"challenge\":\"%s\",\"credential\":\"" TOKEN
             "\",\"key\":\"%s\",\"enrolled\":%s,\"assertion\":\"%s\"}",
             what, shown, t->time, challenge, t->key ? t->key : key, t->enrolled, answer);
    event(m, 2, "thing/1", "thing.approved", signature, "{}");
}

static bool holds(const struct told *t)
{
    char folder[] = "/tmp/vein-token-XXXXXX";
    struct made *m = made_new("vein.example/n1", 1);
    log_of(m, t);
    assert_non_null(mkdtemp(folder));
    made_export(m, 3, folder);
    const bool good = verify_tlog(folder, &(struct verify_options){ 0 }, &report);
    made_remove(folder);
    made_free(m);
    return good;
}

static void good(const struct told *t)
{
    if (!holds(t))
        fail_msg("bad %s: %s", report.bad_item, report.reason);
    assert_int_equal(report.signatures, 1);
}

static void bad(const struct told *t, const char *why)
{
    if (holds(t))
        fail_msg("accepted: %s", why);
    assert_string_equal(report.bad_item, "event 2");
    if (!strstr(report.reason, why))
        fail_msg("not \"%s\" but \"%s\"", why, report.reason);
}

static struct told told;
#define GOOD(...)     (told = right, __VA_ARGS__, good(&told))
#define BAD(why, ...) (told = right, __VA_ARGS__, bad(&told, why))

static void tokens_of_each_kind_hold(void **state)
{
    (void)state;
    GOOD(told.kind = ES256);
    GOOD(told.kind = EDDSA);
    GOOD(told.kind = RS256);
    GOOD(told.origin = "https://vein.example");
    GOOD(told.flags = 0x1d);
}

/* shows: SIG-02 (with signature_token_test.c) from the log alone: an altered answer, thing, meaning
 * or time, another's key, and what was never asked for signing */
static void others_are_found(void **state)
{
    (void)state;
    for (enum kind k = ES256; k <= RS256; k++) {
        BAD("its token was asked something else", told.kind = k, told.meaning = "rejected");
        BAD("its token was asked something else", told.kind = k,
            told.time = "2026-11-22T09:29:58.000000Z");
    }
    BAD("its token was asked something else", told.type = "webauthn.create");
    BAD("its token was asked something else", told.crossed = "true");
    BAD("its token was asked something else", told.origin = "ftp://vein.example");
    BAD("its token answered another place", told.origin = "https://evil.example");
    BAD("its token answered another place", told.party = "evil.example");
    BAD("its token was not unlocked by its owner", told.flags = 0x01);
    BAD("its token was not unlocked by its owner", told.flags = 0x04);
    BAD("its token did not sign it", told.by = stranger);
    BAD("its token did not sign it", told.kind = EDDSA, told.key = "eddsa:AAAA");
    BAD("its token did not sign it", told.key = "es384:AAAA");
    BAD("its token did not sign it", told.key = "AAAA");
    BAD("its token did not sign it", told.kind = RS256, told.cut = 2);
    BAD("cannot be read",
        told.cut = 97); /* nothing is left of the signature, or not all of a byte */
    BAD("its token was enrolled after it", told.enrolled = "2");
    BAD("its token was enrolled after it", told.enrolled = "7");
    BAD("is not the one that event 0 enrolled for its signer", told.enrolled = "0");
    BAD("is not the one that event 1 enrolled for its signer", told.owner = OTHER);
    BAD("is not the one that event 1 enrolled for its signer", told.token = "BAUG");
    BAD("is not the one that event 1 enrolled for its signer", told.enrol_type = "credential.used");
}

/* A key of the forger's own, which signs rightly, and was never enrolled. */
static void a_key_that_nobody_enrolled(void **state)
{
    (void)state;
    static char key[500];
    key_text(key, sizeof key, ES256, stranger);
    BAD("is not the one that event 1 enrolled for its signer", told.by = stranger, told.key = key);
}

int main(void)
{
    keys[ES256] = EVP_EC_gen("P-256");
    keys[EDDSA] = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    keys[RS256] = EVP_RSA_gen(2048);
    stranger = EVP_EC_gen("P-256");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_of_each_kind_hold),
        cmocka_unit_test(others_are_found),
        cmocka_unit_test(a_key_that_nobody_enrolled),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    for (enum kind k = ES256; k <= RS256; k++)
        EVP_PKEY_free(keys[k]);
    EVP_PKEY_free(stranger);
    return failed;
}
