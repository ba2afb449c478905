/* The signature's own members, and what they are bound to. */
#include "verify/signature.h"

#include <stdio.h>

#include "verify/bundle.h"
#include "verify/token.h"

enum { FORMAT = 1, CHALLENGE_MAX = 512, REFERS_MAX = 256 };
#define LATE_US  INT64_C(300000000) /* between proof and record */
#define AHEAD_US INT64_C(60000000)

enum outer {
    AT_FORMAT,
    AT_SIGNER,
    AT_NAME,
    AT_WHAT,
    AT_SHOWN,
    AT_TIME,
    AT_STRENGTH,
    AT_COMPONENTS,
    AT_CHALLENGE,
    AT_CREDENTIAL,
    AT_KEY,
    AT_ENROLLED,
    AT_ASSERTION,
    OUTER
};
static const struct verify_field outer[OUTER] = {
    [AT_FORMAT] = { VERIFY_NAME("format"), true, VERIFY_INTEGER, 0, NULL },
    [AT_SIGNER] = { VERIFY_NAME("signer"), true, VERIFY_STRING, VERIFY_ID_LENGTH, verify_is_id },
    [AT_NAME] = { VERIFY_NAME("name"), true, VERIFY_STRING, 120, verify_is_text },
    [AT_WHAT] = { VERIFY_NAME("what"), true, VERIFY_JSON, 0, NULL },
    [AT_SHOWN] = { VERIFY_NAME("shown"), true, VERIFY_STRING, HASH_HEX, verify_is_hash },
    [AT_TIME] = { VERIFY_NAME("time"), true, VERIFY_STRING, VERIFY_TIME_LENGTH, verify_is_time },
    [AT_STRENGTH] = { VERIFY_NAME("strength"), true, VERIFY_STRING, 20, verify_is_code },
    [AT_COMPONENTS] = { VERIFY_NAME("components"), true, VERIFY_STRING, 60, verify_is_text },
    [AT_CHALLENGE] = { VERIFY_NAME("challenge"), true, VERIFY_STRING, HASH_HEX, verify_is_hash },
    [AT_CREDENTIAL] = { VERIFY_NAME("credential"), false, VERIFY_STRING, 1400, verify_is_text },
    [AT_KEY] = { VERIFY_NAME("key"), false, VERIFY_STRING, 1200, verify_is_text },
    [AT_ENROLLED] = { VERIFY_NAME("enrolled"), false, VERIFY_INTEGER, 0, NULL },
    [AT_ASSERTION] = { VERIFY_NAME("assertion"), false, VERIFY_STRING, 4000, verify_is_text },
};

enum what {
    OF_COMMAND,
    OF_KIND,
    OF_ID,
    OF_PLACE,
    OF_STREAM,
    OF_VERSION,
    OF_AT,
    OF_MEANING,
    OF_WORDS,
    OF_CONTENT,
    WHAT
};
static const struct verify_field what[WHAT] = {
    [OF_COMMAND] = { VERIFY_NAME("command"), true, VERIFY_STRING, 80, verify_is_code },
    [OF_KIND] = { VERIFY_NAME("kind"), true, VERIFY_STRING, 40, verify_is_code },
    [OF_ID] = { VERIFY_NAME("id"), true, VERIFY_STRING, 160, verify_is_text },
    [OF_PLACE] = { VERIFY_NAME("place"), false, VERIFY_STRING, 60, verify_is_code },
    [OF_STREAM] = { VERIFY_NAME("stream"), false, VERIFY_STRING, VERIFY_NAME_FIELD_MAX,
                    verify_is_text },
    [OF_VERSION] = { VERIFY_NAME("version"), false, VERIFY_INTEGER, 0, NULL },
    [OF_AT] = { VERIFY_NAME("at"), false, VERIFY_INTEGER, 0, NULL },
    [OF_MEANING] = { VERIFY_NAME("meaning"), true, VERIFY_STRING, 40, verify_is_code },
    [OF_WORDS] = { VERIFY_NAME("words"), false, VERIFY_STRING, 200, verify_is_text },
    [OF_CONTENT] = { VERIFY_NAME("content"), true, VERIFY_STRING, HASH_HEX, verify_is_hash },
};

static const char *const meanings[] = {
    "stated",   "authored", "performed", "witnessed", "verified", "reviewed",  "approved",
    "released", "accepted", "rejected",  "resolved",  "closed",   "withdrawn", "countersigned",
};
static const char *const strengths[] = { "password", "code", "token", "simulated" };

static bool one_of(struct str text, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_is(text, words[i]))
            return true;
    return false;
}
#define ONE_OF(text, words) one_of(text, words, sizeof words / sizeof words[0])

static bool is_hash_of(struct str hex, const void *p, size_t n)
{
    char text[HASH_HEX + 1];
    hash_hex(text, hash_of(p, n));
    return str_is(hex, text);
}

/* An object inside of the leaf, on its own. */
static bool scan_inside(struct verify_scanner *s, struct str raw, const struct verify_field *fields,
                        size_t n, struct verify_value *values)
{
    const char *p = s->p, *end = s->end;
    s->p = raw.p;
    s->end = raw.p + raw.n;
    s->nseen = 0;
    const bool good = verify_object(s, fields, n, values);
    if (good) {
        s->p = p;
        s->end = end;
    }
    return good;
}

static bool times_hold(struct verify_scanner *s, const struct verify_signer *signer, int64_t at)
{
    if (at > signer->recorded_us + AHEAD_US)
        return verify_json_fail(s, "it was signed after it was recorded");
    return at >= signer->recorded_us - LATE_US ||
           verify_json_fail(s, "it was signed long before it was recorded");
}

static bool signer_holds(struct verify_scanner *s, const struct verify_signer *signer,
                         const struct verify_value v[OUTER])
{
    const struct str account = S("account/");
    return (str_starts(signer->actor, account) &&
            str_eq(str_from(signer->actor, account.n), v[AT_SIGNER].text.raw)) ||
           verify_json_fail(s, "its signer is not its actor");
}

/* All of it is plain: identifiers, digits, a time. */
static bool challenge_holds(struct verify_scanner *s, const struct verify_signer *signer,
                            const struct verify_value v[OUTER])
{
    char text[CHALLENGE_MAX];
    const int n = snprintf(text, sizeof text,
                           "[\"vein.sign/1\",\"%.*s\",\"%.*s\",\"%.*s\",\"%.*s\",\"%.*s\"]",
                           STR(v[AT_SHOWN].text.raw), STR(v[AT_SIGNER].text.raw),
                           STR(signer->session), STR(signer->command), STR(v[AT_TIME].text.raw));
    return (n > 0 && (size_t)n < sizeof text &&
            is_hash_of(v[AT_CHALLENGE].text.raw, text, (size_t)n)) ||
           verify_json_fail(s, "its challenge is not that of this event");
}

/* Whose token it is; all three are plain. */
static struct hash token_of(struct str account, struct str credential, struct str key)
{
    const struct bytes parts[] = {
        { (const uint8_t *)account.p, account.n },
        { (const uint8_t *)"\n", 1 },
        { (const uint8_t *)credential.p, credential.n },
        { (const uint8_t *)"\n", 1 },
        { (const uint8_t *)key.p, key.n },
    };
    return hash_parts(parts, sizeof parts / sizeof parts[0]);
}

static bool proof_holds(struct verify_scanner *s, struct verify_signed *out,
                        const struct verify_value v[OUTER])
{
    const bool token = str_is(v[AT_STRENGTH].text.raw, "token");
    if (!ONE_OF(v[AT_STRENGTH].text.raw, strengths))
        return verify_json_fail(s, "its strength is not known");
    for (enum outer i = AT_CREDENTIAL; i <= AT_ASSERTION; i++)
        if (v[i].there != token)
            return verify_json_fail(s, token ? "it lacks what its token answered"
                                             : "it holds what a token answered, and was not made "
                                               "by one");
    if (!token)
        return true;
    struct verify_token t = { .key = v[AT_KEY].text.raw, .assertion = v[AT_ASSERTION].text.raw };
    if (!hash_from_hex(&t.challenge, v[AT_CHALLENGE].text.raw) ||
        !verify_decimal(&out->enrolled_at, v[AT_ENROLLED].digits))
        return verify_json_fail(s, "what its token answered cannot be read");
    const char *wrong = verify_token_wrong(&t);
    if (wrong)
        return verify_json_fail(s, wrong);
    out->token = true;
    out->token_of = token_of(v[AT_SIGNER].text.raw, v[AT_CREDENTIAL].text.raw, t.key);
    return true;
}

static bool refers(struct verify_scanner *s, struct hash *out, struct str stream,
                   struct str version, struct str content)
{
    char text[REFERS_MAX];
    const int n =
        snprintf(text, sizeof text, "%.*s\n%.*s\n%.*s", STR(stream), STR(version), STR(content));
    if (n <= 0 || (size_t)n >= sizeof text)
        return verify_json_fail(s, "it names no event");
    *out = hash_of(text, (size_t)n);
    return true;
}

static bool what_holds(struct verify_scanner *s, struct verify_signed *out, struct str raw)
{
    struct verify_value v[WHAT] = { 0 };
    if (!scan_inside(s, raw, what, WHAT, v))
        return false;
    if (!ONE_OF(v[OF_MEANING].text.raw, meanings))
        return verify_json_fail(s, "its meaning is not known");
    if (str_is(v[OF_MEANING].text.raw, "stated") && !v[OF_WORDS].there)
        return verify_json_fail(s, "it does not say what it means");
    out->refers = v[OF_STREAM].there;
    if (v[OF_VERSION].there != out->refers || v[OF_AT].there != out->refers)
        return verify_json_fail(s, "it names half of an event");
    if (!out->refers)
        return true;
    if (!verify_decimal(&out->at, v[OF_AT].digits))
        return verify_json_fail(s, "it names no event");
    return refers(s, &out->refers_to, v[OF_STREAM].text.raw, v[OF_VERSION].digits,
                  v[OF_CONTENT].text.raw);
}

bool verify_signature_scan(struct verify_scanner *s, struct verify_signed *out, struct str raw,
                           const struct verify_signer *signer)
{
    struct verify_value v[OUTER] = { 0 };
    uint64_t format;
    s->time = (struct str){ 0 };
    if (!scan_inside(s, raw, outer, OUTER, v))
        return false;
    const int64_t at = s->time_us; /* of the one time that it has */
    if (!verify_decimal(&format, v[AT_FORMAT].digits) || format != FORMAT)
        return verify_json_fail(s, "the signature's format is not known");
    if (!what_holds(s, out, v[AT_WHAT].text.raw))
        return false;
    if (!is_hash_of(v[AT_SHOWN].text.raw, v[AT_WHAT].text.raw.p, v[AT_WHAT].text.raw.n))
        return verify_json_fail(s, "what was signed is not what it says was shown");
    out->there = true;
    out->simulated = str_is(v[AT_STRENGTH].text.raw, "simulated");
    return signer_holds(s, signer, v) && times_hold(s, signer, at) &&
           challenge_holds(s, signer, v) && proof_holds(s, out, v);
}

bool verify_refers_to(struct verify_scanner *s, struct hash *out, struct str leaf)
{
    struct str stream, version, payload;
    char content[HASH_HEX + 1];
    if (!verify_member(s, leaf, S("stream"), &stream) || stream.n < 2 ||
        !verify_member(s, leaf, S("version"), &version) ||
        !verify_member(s, leaf, S("payload"), &payload))
        return false;
    hash_hex(content, hash_of(payload.p, payload.n));
    return refers(s, out, (struct str){ stream.p + 1, stream.n - 2 }, version, str_z(content));
}

bool verify_enrols(struct verify_scanner *s, struct hash *out, struct str leaf)
{
    struct str type, payload, account, credential, key;
    if (!verify_member_text(s, leaf, "type", &type) || !str_is(type, "credential.enrolled") ||
        !verify_member(s, leaf, S("payload"), &payload) ||
        !verify_member_text(s, payload, "account", &account) ||
        !verify_member_text(s, payload, "token", &credential) ||
        !verify_member_text(s, payload, "key", &key))
        return false;
    *out = token_of(account, credential, key);
    return true;
}
