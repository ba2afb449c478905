/* A token's answer taken apart, and its signature checked by libcrypto and libsodium. */
#include "verify/token.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/sha.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum {
    PART_MAX = 3072,
    FLAGS_AT = 32,
    DATA_MIN = 37, /* hash of the party, flags, counter */
    TOUCHED = 0x01,
    VERIFIED = 0x04,
    P256 = 32,
    RSA_N = 256,
    RSA_E = 3,
};

struct part {
    uint8_t b[PART_MAX];
    size_t n;
};

static bool part_read(struct part *out, struct str text)
{
    return text.n > 0 && sodium_base642bin(out->b, sizeof out->b, text.p, text.n, NULL, &out->n,
                                           NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
}

/* --- what the browser says it was asked --- */

/* The host of the page; absent: it was asked something else, or by no page of ours alone. */
static struct str host_asked(const struct part *client, const struct hash *challenge)
{
    char text[64], begin[128];
    const struct str none = { 0 };
    struct str rest = { (const char *)client->b, client->n };
    sodium_bin2base64(text, sizeof text, challenge->b, HASH_SIZE,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    snprintf(begin, sizeof begin, "{\"type\":\"webauthn.get\",\"challenge\":\"%s\",\"origin\":\"",
             text);
    if (!str_starts(rest, str_z(begin)))
        return none;
    rest = str_from(rest, strlen(begin));
    const struct str origin = { rest.p, str_find(rest, '"') };
    rest = str_from(rest, origin.n);
    if (str_starts(rest, S("\",\"crossOrigin\":true")) || memchr(origin.p, '\\', origin.n))
        return none;
    struct str host = origin;
    if (str_starts(host, S("https://")))
        host = str_from(host, strlen("https://"));
    else if (str_starts(host, S("http://")))
        host = str_from(host, strlen("http://"));
    else
        return none;
    if (host.n > 0 && host.p[0] != '[')
        host.n = str_find(host, ':');
    return host;
}

/* --- the keys --- */

static EVP_PKEY *key_of(const char *kind, OSSL_PARAM_BLD *builder)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
    if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    return key;
}

static EVP_PKEY *key_es256(const struct part *numbers)
{
    uint8_t point[1 + 2 * P256] = { 0x04 };
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;
    if (b && numbers->n == sizeof point - 1) {
        memcpy(point + 1, numbers->b, numbers->n);
        if (OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
            OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point) == 1)
            key = key_of("EC", b);
    }
    OSSL_PARAM_BLD_free(b);
    return key;
}

static EVP_PKEY *key_rs256(const struct part *numbers)
{
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;
    if (b && numbers->n == RSA_N + RSA_E) {
        BIGNUM *n = BN_bin2bn(numbers->b, RSA_N, NULL);
        BIGNUM *e = BN_bin2bn(numbers->b + RSA_N, RSA_E, NULL);
        if (n && e && OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
            OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, e) == 1)
            key = key_of("RSA", b);
        BN_free(n);
        BN_free(e);
    }
    OSSL_PARAM_BLD_free(b);
    return key;
}

/* Takes the key. */
static bool key_signed(EVP_PKEY *key, const struct part *message, const struct part *signature)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const bool good =
        key && ctx && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
        EVP_DigestVerify(ctx, signature->b, signature->n, message->b, message->n) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return good;
}

static bool is_signed(struct str key, const struct part *message, const struct part *signature)
{
    struct part numbers;
    const struct str kind = str_cut(&key, ':');
    if (!key.p || !part_read(&numbers, key))
        return false;
    if (str_is(kind, "es256"))
        return key_signed(key_es256(&numbers), message, signature);
    if (str_is(kind, "rs256"))
        return key_signed(key_rs256(&numbers), message, signature);
    return str_is(kind, "eddsa") && numbers.n == crypto_sign_PUBLICKEYBYTES &&
           signature->n == crypto_sign_BYTES &&
           crypto_sign_verify_detached(signature->b, message->b, message->n, numbers.b) == 0;
}

/* --- the whole --- */

const char *verify_token_wrong(const struct verify_token *token)
{
    struct part client, data, signature;
    uint8_t hash[SHA256_DIGEST_LENGTH];
    struct str rest = token->assertion;
    const struct str first = str_cut(&rest, '.'), second = str_cut(&rest, '.');
    if (!part_read(&client, first) || !part_read(&data, second) || !part_read(&signature, rest) ||
        data.n < DATA_MIN || data.n + sizeof hash > sizeof data.b)
        return "what its token answered cannot be read";
    const struct str host = host_asked(&client, &token->challenge);
    if (host.n == 0)
        return "its token was asked something else";
    SHA256((const uint8_t *)host.p, host.n, hash);
    if (memcmp(hash, data.b, sizeof hash) != 0)
        return "its token answered another place";
    if (!(data.b[FLAGS_AT] & TOUCHED) || !(data.b[FLAGS_AT] & VERIFIED))
        return "its token was not unlocked by its owner";
    SHA256(client.b, client.n, hash);
    memcpy(data.b + data.n, hash, sizeof hash);
    data.n += sizeof hash;
    return is_signed(token->key, &data, &signature) ? NULL : "its token did not sign it";
}
