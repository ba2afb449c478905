#include "kernel/tests/authenticator.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/sha.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"

void authenticator_open(struct authenticator *t, uint8_t number, struct proof_party party)
{
    *t = (struct authenticator){
        .key = EVP_EC_gen("P-256"),
        .party = party,
        .id = { number, 7, 7 },
        .counter = 1,
        .verifies = true,
        .touched = true,
    };
    assert_non_null(t->key);
}

void authenticator_close(struct authenticator *t)
{
    EVP_PKEY_free(t->key);
}

static void put_head(struct buf *b, const struct authenticator *t, uint8_t more)
{
    uint8_t hash[SHA256_DIGEST_LENGTH];
    SHA256((const uint8_t *)t->party.id.p, t->party.id.n, hash);
    buf_put(b, hash, sizeof hash);
    buf_char(b, (char)((t->touched ? 1 : 0) | (t->verifies ? 4 : 0) | more));
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_char(b, (char)(t->counter >> shift));
}

static struct bytes bytes_of(const struct buf *b)
{
    const struct str s = buf_get(b);
    return (struct bytes){ (const uint8_t *)s.p, s.n };
}

static struct str client_of(const struct authenticator *t, const char *type, struct str challenge,
                            struct arena *arena)
{
    return arena_printf(arena,
                        "{\"type\":\"%s\",\"challenge\":\"%.*s\",\"origin\":\"%.*s\","
                        "\"crossOrigin\":false}",
                        t->type ? t->type : type, STR(challenge), STR(t->party.origin));
}

static struct str text_of(struct str s, struct arena *arena)
{
    return proof_base64((struct bytes){ (const uint8_t *)s.p, s.n }, arena);
}

void authenticator_register(struct authenticator *t, struct str challenge,
                            struct proof_registration *out, struct arena *arena)
{
    static const uint8_t aaguid[16];
    static const uint8_t before_x[] = { 0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 0x20 };
    static const uint8_t before_y[] = { 0x22, 0x58, 0x20 };
    uint8_t point[65];
    size_t n = 0;
    struct buf b = buf_in(arena, 400);
    assert_int_equal(
        EVP_PKEY_get_octet_string_param(t->key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &n),
        1);
    assert_int_equal(n, sizeof point);
    put_head(&b, t, 0x40);
    buf_put(&b, aaguid, sizeof aaguid);
    buf_char(&b, 0);
    buf_char(&b, (char)sizeof t->id);
    buf_put(&b, t->id, sizeof t->id);
    buf_put(&b, before_x, sizeof before_x);
    buf_put(&b, point + 1, 32);
    buf_put(&b, before_y, sizeof before_y);
    buf_put(&b, point + 33, 32);
    out->data = proof_base64(bytes_of(&b), arena);
    out->client = text_of(client_of(t, "webauthn.create", challenge, arena), arena);
}

struct str authenticator_answer(struct authenticator *t, struct str challenge, struct arena *arena)
{
    uint8_t hash[SHA256_DIGEST_LENGTH];
    uint8_t signature[100];
    size_t n = sizeof signature;
    if (t->counter > 0)
        t->counter++;
    struct buf data = buf_in(arena, 200);
    put_head(&data, t, 0);
    const struct str client = client_of(t, "webauthn.get", challenge, arena);
    struct buf whole = buf_in(arena, 300);
    SHA256((const uint8_t *)client.p, client.n, hash);
    buf_str(&whole, buf_get(&data));
    buf_put(&whole, hash, sizeof hash);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, t->key), 1);
    const struct bytes message = bytes_of(&whole);
    assert_int_equal(EVP_DigestSign(ctx, signature, &n, message.p, message.n), 1);
    EVP_MD_CTX_free(ctx);
    return arena_printf(
        arena, "{\"id\":\"%.*s\",\"client\":\"%.*s\",\"data\":\"%.*s\",\"signature\":\"%.*s\"}",
        STR(proof_base64((struct bytes){ t->id, sizeof t->id }, arena)),
        STR(text_of(client, arena)), STR(proof_base64(bytes_of(&data), arena)),
        STR(proof_base64((struct bytes){ signature, n }, arena)));
}
