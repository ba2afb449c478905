/* The ID token: a JWS in compact form (RFC 7515), whose signature cjose checks and whose claims are
 * judged here. The algorithm is the token's word and so the attacker's: only those of a public key
 * are looked at, and only with a key of their kind. */
#include <cjose/cjose.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <stdlib.h>

#include "kernel/proof.h"
#include "worker/openid.h"

enum {
    KEYS_MAX = 32,
    SKEW_S = 60,
    AGE_MAX_S = 600, /* of a token when it comes */
    SUBJECT_MAX = 255,
    AMR_MAX = 10,
    RSA_BYTES_MIN = 256,
    TOKEN_MAX = 32 << 10,
};

static const struct algorithm {
    const char *name;
    const char *kty;
    const char *curve;
    const char *hash;
} algorithms[] = {
    { "RS256", "RSA", NULL, "SHA256" },   { "RS384", "RSA", NULL, "SHA384" },
    { "RS512", "RSA", NULL, "SHA512" },   { "PS256", "RSA", NULL, "SHA256" },
    { "PS384", "RSA", NULL, "SHA384" },   { "PS512", "RSA", NULL, "SHA512" },
    { "ES256", "EC", "P-256", "SHA256" }, { "ES384", "EC", "P-384", "SHA384" },
    { "ES512", "EC", "P-521", "SHA512" },
};

static enum outcome wrong(struct err *e, const char *what)
{
    return REFUSE(e, "openid.token", { "what", str_z(what) });
}

/* base64url without padding of any length; absent where it is none. */
static struct str decoded(struct str text, struct arena *arena)
{
    size_t n = 0;
    char *out = arena_alloc(arena, text.n + 1);
    const char *end = NULL;
    if (!out || text.n == 0 ||
        sodium_base642bin((unsigned char *)out, text.n, text.p, text.n, NULL, &n, &end,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        end != text.p + text.n)
        return (struct str){ 0 };
    return (struct str){ out, n };
}

static enum outcome part_read(const struct json **out, struct str part, struct arena *arena,
                              struct err *e)
{
    struct err malformed = { 0 };
    const struct str text = decoded(part, arena);
    if (!text.p || json_read(out, arena, text, &json_limits_default, &malformed) != OK ||
        (*out)->type != JSON_OBJECT)
        return wrong(e, "form");
    return OK;
}

/* --- the signature --- */

static const struct algorithm *algorithm_of(const struct json *header)
{
    const struct str name = json_get_str(header, "alg");
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++)
        if (str_is(name, algorithms[i].name))
            return &algorithms[i];
    return NULL;
}

/* A key that the token may be signed by, as far as both say. */
static bool key_fits(const struct json *key, const struct json *header, const struct algorithm *a,
                     struct arena *arena)
{
    const struct str id = json_get_str(header, "kid");
    const struct str use = json_get_str(key, "use");
    const struct str alg = json_get_str(key, "alg");
    if (id.p && !str_eq(json_get_str(key, "kid"), id))
        return false;
    if ((use.p && !str_is(use, "sig")) || (alg.p && !str_is(alg, a->name)))
        return false;
    if (!str_is(json_get_str(key, "kty"), a->kty))
        return false;
    return a->curve ? str_is(json_get_str(key, "crv"), a->curve)
                    : decoded(json_get_str(key, "n"), arena).n >= RSA_BYTES_MIN;
}

static bool signed_by(struct str token, const struct json *key)
{
    cjose_err failed;
    cjose_jwk_t *jwk = cjose_jwk_import(key->raw.p, key->raw.n, &failed);
    cjose_jws_t *jws = jwk ? cjose_jws_import(token.p, token.n, &failed) : NULL;
    const bool good = jws && cjose_jws_verify(jws, jwk, &failed);
    if (jws)
        cjose_jws_release(jws);
    if (jwk)
        cjose_jwk_release(jwk);
    return good;
}

static enum outcome signature_check(struct str token, const struct json *header,
                                    const struct algorithm *a, struct str keys, struct arena *arena,
                                    struct err *e)
{
    struct err malformed = { 0 };
    const struct json *set;
    size_t n = 0;
    if (json_read(&set, arena, keys, &json_limits_default, &malformed) != OK)
        return REFUSE(e, "openid.unreachable", { "what", S("its keys are no JSON") });
    const struct json *list = json_get(set, "keys");
    for (const struct json *k = list ? list->child : NULL; k && n < KEYS_MAX; k = k->next, n++)
        if (key_fits(k, header, a, arena) && signed_by(token, k))
            return OK;
    return wrong(e, "signature");
}

/* --- the claims --- */

static bool time_of(int64_t *out, const struct json *claims, const char *name)
{
    const struct json *value = json_get(claims, name);
    return value && value->type == JSON_NUMBER && json_to_int(out, value);
}

static bool is_for(const struct json *audience, struct str client, size_t *n)
{
    bool found = false;
    *n = 1;
    if (!audience)
        return false;
    if (audience->type == JSON_STRING)
        return str_eq(audience->text, client);
    *n = audience->type == JSON_ARRAY ? audience->count : 0;
    for (const struct json *i = *n > 0 ? audience->child : NULL; i; i = i->next)
        found |= i->type == JSON_STRING && str_eq(i->text, client);
    return found;
}

static enum outcome audience_check(const struct openid_job *job, const struct json *claims,
                                   struct err *e)
{
    size_t n;
    const struct json *azp = json_get(claims, "azp");
    if (!str_eq(json_get_str(claims, "iss"), job->issuer))
        return wrong(e, "iss");
    if (!is_for(json_get(claims, "aud"), job->client, &n))
        return wrong(e, "aud");
    if ((n > 1 && !azp) || (azp && !str_eq(json_get_str(claims, "azp"), job->client)))
        return wrong(e, "azp");
    return OK;
}

static enum outcome time_check(const struct openid_job *job, const struct json *claims,
                               struct err *e)
{
    int64_t expires, issued, from, signed_in;
    if (!time_of(&expires, claims, "exp") || expires <= job->now_s - SKEW_S)
        return wrong(e, "exp");
    if (!time_of(&issued, claims, "iat") || issued > job->now_s + SKEW_S ||
        issued < job->now_s - AGE_MAX_S)
        return wrong(e, "iat");
    if (json_get(claims, "nbf") && (!time_of(&from, claims, "nbf") || from > job->now_s + SKEW_S))
        return wrong(e, "nbf");
    if (!time_of(&signed_in, claims, "auth_time") || signed_in < job->since_s - SKEW_S ||
        signed_in > job->now_s + SKEW_S)
        return wrong(e, "auth_time"); /* not for us, whoever else it was for */
    return OK;
}

/* Left half of the access token's digest, by the hash of the token's algorithm. */
static enum outcome access_check(const struct json *claims, const struct algorithm *a,
                                 struct str access, struct arena *arena, struct err *e)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (!json_get(claims, "at_hash"))
        return OK;
    const struct str given = decoded(json_get_str(claims, "at_hash"), arena);
    const EVP_MD *hash = EVP_get_digestbyname(a->hash);
    if (!given.p || !access.p || !hash ||
        EVP_Digest(access.p, access.n, digest, &n, hash, NULL) != 1 || given.n != n / 2 ||
        sodium_memcmp(given.p, digest, n / 2) != 0)
        return wrong(e, "at_hash");
    return OK;
}

/* Texts that are too long for their field count as not there: nothing rests on a part of one. */
static struct str short_text(struct str text, size_t max)
{
    return text.n <= max ? text : (struct str){ 0 };
}

static enum outcome result_fill(struct openid_result *out, const struct openid_job *job,
                                const struct json *claims, struct arena *arena, struct err *e)
{
    const struct json *amr = json_get(claims, "amr");
    struct str *words = ARENA_ARRAY(arena, AMR_MAX, struct str);
    size_t n = 0;
    if (!words)
        return err_no_memory(e);
    for (const struct json *i = amr ? amr->child : NULL; i && n < AMR_MAX; i = i->next)
        if (i->type == JSON_STRING && i->text.n > 0 && i->text.n <= 100)
            words[n++] = i->text;
    out->subject = json_get_str(claims, "sub");
    if (out->subject.n == 0 || out->subject.n > SUBJECT_MAX)
        return wrong(e, "sub");
    if (job->claim.n > 0)
        out->login = short_text(json_get_str(claims, arena_str(arena, job->claim).p), 80);
    out->acr = short_text(json_get_str(claims, "acr"), 200);
    out->amr.p = words;
    out->amr.n = n;
    return OK;
}

enum outcome openid_token_check(struct openid_result *out, const struct openid_job *job,
                                struct str token, struct str keys, struct str access,
                                struct arena *arena, struct err *e)
{
    struct str rest = token;
    const struct json *header, *claims;
    const struct str head = str_cut(&rest, '.');
    const struct str body = str_cut(&rest, '.');
    if (token.n > TOKEN_MAX || rest.n == 0)
        return wrong(e, "form");
    TRY(part_read(&header, head, arena, e));
    TRY(part_read(&claims, body, arena, e));
    const struct algorithm *a = algorithm_of(header);
    if (!a || json_get(header, "crit"))
        return wrong(e, "alg");
    TRY(signature_check(token, header, a, keys, arena, e));
    TRY(audience_check(job, claims, e));
    TRY(time_check(job, claims, e));
    if (job->nonce.n == 0 || !str_eq(json_get_str(claims, "nonce"), job->nonce))
        return wrong(e, "nonce");
    TRY(access_check(claims, a, access, arena, e));
    return result_fill(out, job, claims, arena, e);
}
