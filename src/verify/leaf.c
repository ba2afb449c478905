/* The envelope: a table of its fields in their order. */
#include "verify/field.h"
#include "verify/note.h"
#include "verify/signature.h"

#include <stdlib.h>

enum { FORMAT = 1, SEALED_MAX = 4096 };

enum place {
    AT_FORMAT,
    AT_ID,
    AT_ORGANISATION,
    AT_NODE,
    AT_STREAM,
    AT_VERSION,
    AT_KEY,
    AT_PREVIOUS,
    AT_COMMAND,
    AT_CAUSE,
    AT_TYPE,
    AT_TYPE_VERSION,
    AT_HAPPENED,
    AT_ENTERED,
    AT_RECORDED,
    AT_LOGICAL,
    AT_ZONE,
    AT_ACTOR,
    AT_SESSION,
    AT_DEVICE,
    AT_PLACE,
    AT_LINKS,
    AT_REASON,
    AT_SIGNATURE,
    AT_PAYLOAD,
    FIELDS
};

static const struct verify_field fields[FIELDS] = {
    [AT_FORMAT] = { VERIFY_NAME("format"), true, VERIFY_INTEGER, 0, NULL },
    [AT_ID] = { VERIFY_NAME("id"), true, VERIFY_STRING, VERIFY_ID_LENGTH, verify_is_id },
    [AT_ORGANISATION] = { VERIFY_NAME("organisation"), true, VERIFY_STRING, VERIFY_ID_LENGTH,
                          verify_is_id },
    [AT_NODE] = { VERIFY_NAME("node"), true, VERIFY_STRING, VERIFY_NODE_MAX, verify_is_code },
    [AT_STREAM] = { VERIFY_NAME("stream"), true, VERIFY_STRING, VERIFY_NAME_FIELD_MAX,
                    verify_is_text },
    [AT_VERSION] = { VERIFY_NAME("version"), true, VERIFY_INTEGER, 0, NULL },
    [AT_KEY] = { VERIFY_NAME("key"), true, VERIFY_STRING, VERIFY_NAME_FIELD_MAX, verify_is_text },
    [AT_PREVIOUS] = { VERIFY_NAME("previous"), false, VERIFY_STRING, HASH_HEX, verify_is_hash },
    [AT_COMMAND] = { VERIFY_NAME("command"), true, VERIFY_STRING, VERIFY_ID_LENGTH, verify_is_id },
    [AT_CAUSE] = { VERIFY_NAME("cause"), false, VERIFY_STRING, VERIFY_ID_LENGTH, verify_is_id },
    [AT_TYPE] = { VERIFY_NAME("type"), true, VERIFY_STRING, 80, verify_is_code },
    [AT_TYPE_VERSION] = { VERIFY_NAME("type_version"), true, VERIFY_INTEGER, 0, NULL },
    [AT_HAPPENED] = { VERIFY_NAME("happened"), true, VERIFY_STRING, VERIFY_TIME_LENGTH,
                      verify_is_time },
    [AT_ENTERED] = { VERIFY_NAME("entered"), true, VERIFY_STRING, VERIFY_TIME_LENGTH,
                     verify_is_time },
    [AT_RECORDED] = { VERIFY_NAME("recorded"), true, VERIFY_STRING, VERIFY_TIME_LENGTH,
                      verify_is_time },
    [AT_LOGICAL] = { VERIFY_NAME("logical"), true, VERIFY_STRING, 40, verify_is_text },
    [AT_ZONE] = { VERIFY_NAME("zone"), false, VERIFY_STRING, 40, verify_is_text },
    [AT_ACTOR] = { VERIFY_NAME("actor"), true, VERIFY_STRING, 80, verify_is_text },
    [AT_SESSION] = { VERIFY_NAME("session"), false, VERIFY_STRING, VERIFY_ID_LENGTH, verify_is_id },
    [AT_DEVICE] = { VERIFY_NAME("device"), false, VERIFY_STRING, 80, verify_is_text },
    [AT_PLACE] = { VERIFY_NAME("place"), false, VERIFY_STRING, 80, verify_is_text },
    [AT_LINKS] = { VERIFY_NAME("links"), false, VERIFY_LINKS, 0, NULL },
    [AT_REASON] = { VERIFY_NAME("reason"), false, VERIFY_STRING, SEALED_MAX, verify_is_reason },
    [AT_SIGNATURE] = { VERIFY_NAME("signature"), false, VERIFY_JSON, 0, NULL },
    [AT_PAYLOAD] = { VERIFY_NAME("payload"), true, VERIFY_JSON, 0, NULL },
};
/* -- The event as a whole -----------------------------------------------------------------------
 */

static bool envelope(struct verify_scanner *s, struct verify_value values[FIELDS])
{
    return verify_object(s, fields, FIELDS, values) &&
           (s->p == s->end || verify_json_fail(s, "something stands behind the event"));
}

static bool positive(struct verify_scanner *s, uint64_t *out, const struct verify_value *v)
{
    return (verify_decimal(out, v->digits) && *out > 0) ||
           verify_json_fail(s, "a version is not a positive number");
}

static bool logical_read(struct verify_scanner *s, struct verify_leaf *out,
                         const struct verify_value *v)
{
    struct str rest = v->text.raw;
    const struct str us = str_cut(&rest, '.');
    if (!rest.p || !verify_decimal(&out->logical_us, us) ||
        !verify_decimal(&out->logical_count, rest))
        return verify_json_fail(s, "the logical time is not microseconds and count");
    return true;
}

static bool signature(struct verify_scanner *s, struct verify_leaf *out,
                      const struct verify_value values[FIELDS])
{
    const struct verify_signer signer = {
        .actor = values[AT_ACTOR].text.raw,
        .session = values[AT_SESSION].there ? values[AT_SESSION].text.raw : S(""),
        .command = values[AT_COMMAND].text.raw,
        .recorded_us = s->time_us,
    };
    out->sign = (struct verify_signed){ 0 };
    return !values[AT_SIGNATURE].there ||
           verify_signature_scan(s, &out->sign, values[AT_SIGNATURE].text.raw, &signer);
}

static bool judge(struct verify_scanner *s, struct verify_leaf *out,
                  const struct verify_value values[FIELDS])
{
    uint64_t format = 0, type_version = 0;
    if (!verify_decimal(&format, values[AT_FORMAT].digits) || format != FORMAT)
        return verify_json_fail(s, "its format is not known");
    if (!positive(s, &out->version, &values[AT_VERSION]) ||
        !positive(s, &type_version, &values[AT_TYPE_VERSION]) ||
        !logical_read(s, out, &values[AT_LOGICAL]))
        return false;
    if (s->time_us > (int64_t)out->logical_us) /* of the last time, which is `recorded` */
        return verify_json_fail(s, "it was recorded after its own logical time");
    out->stream = verify_json_decode(s->stream, &values[AT_STREAM].text);
    out->key = verify_json_decode(s->key, &values[AT_KEY].text);
    out->node = values[AT_NODE].text.raw;
    const size_t slash = str_find(out->stream, '/');
    if (slash == 0 || slash + 1 >= out->stream.n)
        return verify_json_fail(s, "its stream has no kind or no id");
    out->has_previous = values[AT_PREVIOUS].there;
    if (out->has_previous)
        out->previous = s->hash; /* the one hash of an envelope */
    if (out->has_previous != (out->version > 1))
        return verify_json_fail(s, out->has_previous ? "the first of its stream names one before"
                                                     : "it does not name the one before");
    out->simulates = str_is(values[AT_TYPE].text.raw, "sign.simulation_begun");
    return signature(s, out, values);
}

bool verify_leaf_scan(struct verify_scanner *s, struct verify_leaf *out, struct str leaf,
                      const char **why, size_t *at)
{
    struct verify_value values[FIELDS] = { 0 };
    s->start = s->p = leaf.p;
    s->end = leaf.p + leaf.n;
    s->why = NULL;
    s->nseen = 0;
    s->time = (struct str){ 0 };
    const bool good = leaf.n <= VERIFY_LEAF_MAX ? envelope(s, values) && judge(s, out, values)
                                                : verify_json_fail(s, "longer than 65535 bytes");
    *why = s->why;
    *at = (size_t)(s->p - s->start);
    return good;
}

struct verify_scanner *verify_scanner_new(void)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct verify_scanner *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    memset(s->base64, VERIFY_BASE64_NONE, sizeof s->base64);
    for (uint8_t i = 0; digits[i]; i++)
        s->base64[(uint8_t)digits[i]] = i;
    return s;
}

void verify_scanner_free(struct verify_scanner *s)
{
    free(s);
}
