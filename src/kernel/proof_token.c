/* Tokens: what a browser sends is taken apart here, what a token signed is checked by libfido2. */
#include "kernel/proof.h"

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>
#include <openssl/sha.h>
#include <sodium.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"

enum { VARIANT = sodium_base64_VARIANT_URLSAFE_NO_PADDING };
enum { FLAG_TOUCHED = 1 << 0, FLAG_VERIFIED = 1 << 2, FLAGS_AT = SHA256_DIGEST_LENGTH };

static const struct algorithm {
    const char *name;
    int cose;
} algorithms[] = {
    { "es256", COSE_ES256 },
    { "eddsa", COSE_EDDSA },
    { "rs256", COSE_RS256 },
};
enum { ALGORITHMS = sizeof algorithms / sizeof algorithms[0] };

static enum outcome refused(const char *why, struct err *e)
{
    return REFUSE(e, "proof.token_refused", { "why", str_z(why) });
}

struct str proof_base64(struct bytes b, struct arena *arena)
{
    const size_t size = sodium_base64_encoded_len(b.n, VARIANT);
    char *text = arena_alloc(arena, size);
    if (!text)
        return (struct str){ 0 };
    sodium_bin2base64(text, size, b.p, b.n, VARIANT);
    return (struct str){ text, size - 1 };
}

struct bytes proof_unbase64(struct str text, struct arena *arena)
{
    size_t n = 0;
    uint8_t *out =
        text.p && text.n <= 2 * PROOF_TOKEN_PART_MAX ? arena_alloc(arena, text.n + 1) : NULL;
    if (!out || sodium_base642bin(out, text.n + 1, text.p, text.n, NULL, &n, NULL, VARIANT) != 0)
        return (struct bytes){ 0 };
    return (struct bytes){ out, n };
}

/* --- what the browser says it was asked --- */

/* An unpadded base64url text of the same bytes, however its last bits stand. */
static bool same_bytes(struct str a, struct str b, struct arena *arena)
{
    const struct bytes x = proof_unbase64(a, arena);
    const struct bytes y = proof_unbase64(b, arena);
    return x.p && y.p && x.n > 0 && x.n == y.n && sodium_memcmp(x.p, y.p, x.n) == 0;
}

static enum outcome client_check(struct bytes client, const char *type, struct str challenge,
                                 const struct proof_party *party, struct arena *arena,
                                 struct err *e)
{
    const struct json *object;
    struct err ignored = { 0 };
    struct json_limits limits = json_limits_default;
    limits.bytes = PROOF_TOKEN_PART_MAX;
    const struct str text = { (const char *)client.p, client.n };
    if (!client.p || json_read(&object, arena, text, &limits, &ignored) != OK ||
        object->type != JSON_OBJECT)
        return refused("shape", e);
    if (!str_is(json_get_str(object, "type"), type))
        return refused("type", e);
    if (!same_bytes(json_get_str(object, "challenge"), challenge, arena))
        return refused("challenge", e);
    const struct json *crossed = json_get(object, "crossOrigin");
    if (!str_eq(json_get_str(object, "origin"), party->origin) ||
        (crossed && str_eq(crossed->raw, S("true"))))
        return refused("origin", e);
    return OK;
}

static enum outcome party_check(struct bytes data, const struct proof_party *party, struct err *e)
{
    uint8_t hash[SHA256_DIGEST_LENGTH];
    if (!data.p || data.n <= FLAGS_AT)
        return refused("shape", e);
    SHA256((const uint8_t *)party->id.p, party->id.n, hash);
    if (memcmp(hash, data.p, sizeof hash) != 0)
        return refused("party", e);
    return data.p[FLAGS_AT] & FLAG_TOUCHED ? OK : refused("touch", e);
}

/* --- registration --- */

/* The numbers of the new key, where it is of this algorithm. */
static bool key_read(fido_cred_t *cred, const struct algorithm *algorithm, struct bytes data)
{
    return fido_cred_set_type(cred, algorithm->cose) == FIDO_OK &&
           fido_cred_set_authdata_raw(cred, data.p, data.n) == FIDO_OK &&
           fido_cred_pubkey_ptr(cred) && fido_cred_id_ptr(cred);
}

static enum outcome token_make(struct proof_token *out, fido_cred_t *cred, const char *name,
                               struct arena *arena, struct err *e)
{
    const struct bytes key = { fido_cred_pubkey_ptr(cred), fido_cred_pubkey_len(cred) };
    const struct bytes id = { fido_cred_id_ptr(cred), fido_cred_id_len(cred) };
    if (id.n == 0 || id.n > PROOF_TOKEN_ID_MAX)
        return refused("key", e);
    *out = (struct proof_token){
        .id = proof_base64(id, arena),
        .key = arena_printf(arena, "%s:%.*s", name, STR(proof_base64(key, arena))),
        .counter = (int64_t)fido_cred_sigcount(cred),
    };
    return arena_exhausted(arena) ? err_no_memory(e) : OK;
}

enum outcome proof_token_register(struct proof_token *out, const struct proof_party *party,
                                  struct str challenge, const struct proof_registration *given,
                                  struct arena *arena, struct err *e)
{
    const struct bytes data = proof_unbase64(given->data, arena);
    TRY(client_check(proof_unbase64(given->client, arena), "webauthn.create", challenge, party,
                     arena, e));
    TRY(party_check(data, party, e));
    for (size_t i = 0; i < ALGORITHMS; i++) {
        fido_cred_t *cred = fido_cred_new();
        if (!cred)
            return err_no_memory(e);
        const bool fits = key_read(cred, &algorithms[i], data);
        const enum outcome o = fits ? token_make(out, cred, algorithms[i].name, arena, e) : OK;
        fido_cred_free(&cred);
        if (fits)
            return o;
    }
    return refused("key", e);
}

/* --- assertion --- */

void proof_assertion_read(struct proof_assertion *out, struct str text, struct arena *arena)
{
    const struct json *object;
    struct err ignored = { 0 };
    struct json_limits limits = json_limits_default;
    limits.bytes = 4 * PROOF_TOKEN_PART_MAX;
    *out = (struct proof_assertion){ 0 };
    if (text.n == 0 || json_read(&object, arena, text, &limits, &ignored) != OK ||
        object->type != JSON_OBJECT)
        return;
    out->id = json_get_str(object, "id");
    out->client = json_get_str(object, "client");
    out->data = json_get_str(object, "data");
    out->signature = json_get_str(object, "signature");
}

static int verify_es256(const fido_assert_t *assertion, struct bytes key)
{
    es256_pk_t *pk = es256_pk_new();
    int r = FIDO_ERR_INTERNAL;
    if (pk && es256_pk_from_ptr(pk, key.p, key.n) == FIDO_OK)
        r = fido_assert_verify(assertion, 0, COSE_ES256, pk);
    es256_pk_free(&pk);
    return r;
}

static int verify_eddsa(const fido_assert_t *assertion, struct bytes key)
{
    eddsa_pk_t *pk = eddsa_pk_new();
    int r = FIDO_ERR_INTERNAL;
    if (pk && eddsa_pk_from_ptr(pk, key.p, key.n) == FIDO_OK)
        r = fido_assert_verify(assertion, 0, COSE_EDDSA, pk);
    eddsa_pk_free(&pk);
    return r;
}

static int verify_rs256(const fido_assert_t *assertion, struct bytes key)
{
    rs256_pk_t *pk = rs256_pk_new();
    int r = FIDO_ERR_INTERNAL;
    if (pk && rs256_pk_from_ptr(pk, key.p, key.n) == FIDO_OK)
        r = fido_assert_verify(assertion, 0, COSE_RS256, pk);
    rs256_pk_free(&pk);
    return r;
}

static int verify(const fido_assert_t *assertion, struct str kept, struct arena *arena)
{
    const struct str name = str_cut(&kept, ':');
    const struct bytes key = proof_unbase64(kept, arena);
    if (!key.p)
        return FIDO_ERR_INTERNAL;
    if (str_is(name, "es256"))
        return verify_es256(assertion, key);
    if (str_is(name, "eddsa"))
        return verify_eddsa(assertion, key);
    return str_is(name, "rs256") ? verify_rs256(assertion, key) : FIDO_ERR_INTERNAL;
}

/* What the token signed: its data, and the hash of what the browser was asked. */
static bool signed_read(fido_assert_t *assertion, const struct proof_party *party,
                        struct bytes client, struct bytes data, struct bytes signature,
                        struct arena *arena)
{
    const struct str id = arena_str(arena, party->id);
    return id.p && fido_assert_set_count(assertion, 1) == FIDO_OK &&
           fido_assert_set_rp(assertion, id.p) == FIDO_OK &&
           fido_assert_set_up(assertion, FIDO_OPT_TRUE) == FIDO_OK &&
           fido_assert_set_clientdata(assertion, client.p, client.n) == FIDO_OK &&
           fido_assert_set_authdata_raw(assertion, 0, data.p, data.n) == FIDO_OK &&
           fido_assert_set_sig(assertion, 0, signature.p, signature.n) == FIDO_OK;
}

enum outcome proof_token_check(struct proof_asserted *out, const struct proof_party *party,
                               struct str challenge, const struct proof_token *token,
                               const struct proof_assertion *given, struct arena *arena,
                               struct err *e)
{
    const struct bytes client = proof_unbase64(given->client, arena);
    const struct bytes data = proof_unbase64(given->data, arena);
    const struct bytes signature = proof_unbase64(given->signature, arena);
    if (!same_bytes(given->id, token->id, arena))
        return refused("key", e);
    TRY(client_check(client, "webauthn.get", challenge, party, arena, e));
    TRY(party_check(data, party, e));
    if (!signature.p || signature.n == 0)
        return refused("shape", e);
    fido_assert_t *assertion = fido_assert_new();
    if (!assertion)
        return err_no_memory(e);
    const bool right = signed_read(assertion, party, client, data, signature, arena) &&
                       verify(assertion, token->key, arena) == FIDO_OK;
    out->counter = (int64_t)fido_assert_sigcount(assertion, 0);
    fido_assert_free(&assertion);
    out->verified = data.p[FLAGS_AT] & FLAG_VERIFIED;
    return right ? OK : refused("signature", e);
}
