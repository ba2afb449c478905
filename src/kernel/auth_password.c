/* Passwords: what is refused at once, Argon2id, and that a comparison costs the same whether there
 * is anything to compare with or not. */
#include "kernel/auth_impl.h"

#include <errno.h>
#include <stdio.h>

enum { ARGON_PASSES = 3, ARGON_PASSES_MAX = 16, ARGON_KIB_MAX = 256 << 10 };

static const char *const common[] = {
#define PASSWORD(text) text,
#include "kernel/auth_common.def"
#undef PASSWORD
};

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* The listed word, alone or with digits and signs around it: "Password1234!" is "password". */
static bool is_common(struct str password, const char *word)
{
    size_t n = strlen(word);
    for (size_t at = 0; at + n <= password.n; at++) {
        size_t same = 0;
        while (same < n && lower(password.p[at + same]) == (unsigned char)word[same])
            same++;
        if (same < n)
            continue;
        bool bare = true;
        for (size_t i = 0; i < password.n && bare; i++) {
            unsigned char c = lower(password.p[i]);
            bare = (i >= at && i < at + n) || !((c >= 'a' && c <= 'z') || c >= 0x80);
        }
        if (bare)
            return true;
    }
    return false;
}

/* One or two characters over and over, or each the next of the one before: "abcdefghijkl". */
static bool is_monotonous(struct str password)
{
    bool period = true;
    bool rising = true;
    bool falling = true;
    for (size_t i = 1; i < password.n; i++) {
        int step = password.p[i] - password.p[i - 1];
        rising &= step == 1 || step == -9; /* 9, then 0 */
        falling &= step == -1 || step == 9;
        period &= i < 2 || password.p[i] == password.p[i - 2];
    }
    return period || rising || falling;
}

static enum outcome password_check(struct str password, struct err *e)
{
    if (password.n < AUTH_PASSWORD_MIN)
        return REFUSE(e, "auth.password_short", { "min", S("12") });
    if (password.n > AUTH_PASSWORD_MAX)
        return REFUSE(e, "auth.password_long", { "max", S("200") });
    if (!str_utf8_valid(password) || memchr(password.p, 0, password.n))
        return REFUSE(e, "auth.password_malformed");
    if (is_monotonous(password))
        return REFUSE(e, "auth.password_common");
    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++)
        if (is_common(password, common[i]))
            return REFUSE(e, "auth.password_common");
    return OK;
}

static void hashing_begin(struct auth *a)
{
    while (sem_wait(&a->hashing) != 0)
        BUG_ON(errno != EINTR);
}

static void hashing_end(struct auth *a)
{
    BUG_ON(sem_post(&a->hashing) != 0);
}

static enum outcome argon(struct auth *a, char out[crypto_pwhash_STRBYTES], struct str password,
                          struct err *e)
{
    hashing_begin(a);
    int failed = crypto_pwhash_str(out, password.p, password.n, ARGON_PASSES, a->argon_bytes);
    hashing_end(a);
    return failed ? err_no_memory(e) : OK;
}

enum outcome auth_password_hash(struct auth *a, struct str *out, struct str password,
                                struct arena *arena, struct err *e)
{
    TRY(password_check(password, e));
    char text[crypto_pwhash_STRBYTES];
    TRY(argon(a, text, password, e));
    *out = arena_str(arena, str_z(text));
    return out->p ? OK : err_no_memory(e);
}

enum outcome auth_pin_hash(struct auth *a, struct str *out, struct str pin, struct arena *arena,
                           struct err *e)
{
    bool digits = pin.n >= AUTH_PIN_MIN && pin.n <= AUTH_PIN_MAX;
    for (size_t i = 0; i < pin.n; i++)
        digits &= pin.p[i] >= '0' && pin.p[i] <= '9';
    if (!digits)
        return REFUSE(e, "auth.pin_malformed", { "min", S("6") }, { "max", S("12") });
    if (is_monotonous(pin))
        return REFUSE(e, "auth.pin_common");
    char text[crypto_pwhash_STRBYTES];
    TRY(argon(a, text, pin, e));
    *out = arena_str(arena, str_z(text));
    return out->p ? OK : err_no_memory(e);
}

/* What no password has: salt and hash are drawn, not made, so that a start waits for no hash. To
 * compare with it costs what it costs with any other, for the text says by how much memory and how
 * many passes. */
void auth_password_dummy(struct auth *a)
{
    enum { SALT = 16, HASH = 32, VARIANT = sodium_base64_VARIANT_ORIGINAL_NO_PADDING };
    uint8_t random[SALT + HASH];
    char salt[sodium_base64_ENCODED_LEN(SALT, VARIANT)];
    char hash[sodium_base64_ENCODED_LEN(HASH, VARIANT)];
    env_random(a->node->env, random, sizeof random);
    sodium_bin2base64(salt, sizeof salt, random, SALT, VARIANT);
    sodium_bin2base64(hash, sizeof hash, random + SALT, HASH, VARIANT);
    snprintf(a->dummy, sizeof a->dummy, "$argon2id$v=19$m=%zu,t=%d,p=1$%s$%s",
             a->argon_bytes / 1024, ARGON_PASSES, salt, hash);
    BUG_ON(crypto_pwhash_str_needs_rehash(a->dummy, ARGON_PASSES, a->argon_bytes) != 0);
}

bool auth_password_agrees(struct auth *a, struct str hash, struct str password)
{
    char text[crypto_pwhash_STRBYTES] = { 0 };
    bool known = hash.p && hash.n < sizeof text && password.n <= AUTH_PASSWORD_MAX;
    memcpy(text, known ? hash.p : a->dummy, known ? hash.n : sizeof text);
    size_t n = password.n < AUTH_PASSWORD_MAX ? password.n : AUTH_PASSWORD_MAX;
    hashing_begin(a);
    bool same = crypto_pwhash_str_verify(text, password.p ? password.p : "", n) == 0;
    hashing_end(a);
    sodium_memzero(text, sizeof text);
    return same && known;
}

/* Takes "name=" and a number from the front of *rest, up to the stop. */
static bool take_number(struct str *rest, const char *name, char stop, int64_t max)
{
    struct str part = str_cut(rest, stop);
    int64_t value;
    if (!str_starts(part, str_z(name)))
        return false;
    return str_to_u63(&value, str_from(part, strlen(name))) && value > 0 && value <= max;
}

bool auth_password_is_hash(struct str text)
{
    struct str start = S("$argon2id$v=19$");
    if (text.n >= crypto_pwhash_STRBYTES || !str_starts(text, start))
        return false;
    struct str rest = str_from(text, start.n);
    return take_number(&rest, "m=", ',', ARGON_KIB_MAX) &&
           take_number(&rest, "t=", ',', ARGON_PASSES_MAX) && take_number(&rest, "p=", '$', 1) &&
           str_cut(&rest, '$').n >= 11 && rest.n >= 22;
}
