/* SHA-256 through EVP: the digest is fetched once, and each thread keeps one context, freed when
 * the thread ends. OpenSSL fails here only without memory or without a working library, and then
 * the program stops: there is no going on without hashes. */
#include "base/hash.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <sodium.h>

#include "base/err.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t context_key;
static EVP_MD *sha256;

static void context_free(void *context)
{
    EVP_MD_CTX_free(context);
}

static void start(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    BUG_ON(!sha256);
    BUG_ON(pthread_key_create(&context_key, context_free) != 0);
}

static EVP_MD_CTX *thread_context(void)
{
    (void)pthread_once(&once, start);
    EVP_MD_CTX *context = pthread_getspecific(context_key);
    if (!context) {
        context = EVP_MD_CTX_new();
        BUG_ON(!context);
        BUG_ON(pthread_setspecific(context_key, context) != 0);
    }
    return context;
}

struct hash hash_of(const void *p, size_t n)
{
    return hash_parts(&(struct bytes){ .p = p, .n = n }, 1);
}

struct hash hash_parts(const struct bytes *parts, size_t count)
{
    EVP_MD_CTX *context = thread_context();
    struct hash h;
    BUG_ON(EVP_DigestInit_ex2(context, sha256, NULL) != 1);
    for (size_t i = 0; i < count; i++) {
        if (parts[i].n > 0)
            BUG_ON(EVP_DigestUpdate(context, parts[i].p, parts[i].n) != 1);
    }
    BUG_ON(EVP_DigestFinal_ex(context, h.b, NULL) != 1);
    return h;
}

void hash_hex(char out[HASH_HEX + 1], struct hash h)
{
    sodium_bin2hex(out, HASH_HEX + 1, h.b, HASH_SIZE);
}

bool hash_from_hex(struct hash *out, struct str hex)
{
    if (hex.n != HASH_HEX)
        return false;
    for (size_t i = 0; i < hex.n; i++) {
        const char c = hex.p[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
            return false; /* libsodium would take capitals */
    }
    size_t n;
    return sodium_hex2bin(out->b, HASH_SIZE, hex.p, hex.n, NULL, &n, NULL) == 0 && n == HASH_SIZE;
}
