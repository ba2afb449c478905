/* Definitions in an audit bundle: the document is held against the event that brought it, and what
 * an event was done under against the documents that are there. */
#include "verify/expect.h"

#include <stdio.h>

static const char *const heads[] = { "kind", "name", "version", "title", "effective" };

bool verify_defined_read(struct verify_defined *out, uint64_t index, struct str leaf,
                         struct verify_scanner *s)
{
    struct str type, payload;
    *out = (struct verify_defined){ .index = index };
    return verify_member_text(s, leaf, "type", &type) &&
           (str_is(type, "define.loaded") || str_is(type, "define.released")) &&
           verify_member(s, leaf, S("payload"), &payload) &&
           verify_member_text(s, payload, "kind", &out->kind) &&
           verify_member_text(s, payload, "name", &out->name) &&
           verify_member(s, payload, S("version"), &out->version) &&
           verify_member_text(s, payload, "hash", &out->hash);
}

/* Head and body stand side by side in one object. */
bool verify_defined_holds(struct str document, struct str leaf, struct verify_scanner *s)
{
    struct verify_expecting r = { document, s };
    struct str payload, raw, text;
    struct hash hash;
    if (!verify_member(s, leaf, S("payload"), &payload) ||
        !verify_member_text(s, payload, "hash", &text) || !hash_from_hex(&hash, text) ||
        !hash_eq(hash, hash_of(document.p, document.n)))
        return false;
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        if (!verify_member(s, payload, str_z(heads[i]), &raw))
            return false;
        verify_expect_z(&r, i == 0 ? "{\"" : ",\"");
        verify_expect_z(&r, heads[i]);
        verify_expect_z(&r, "\":");
        verify_expect(&r, raw);
    }
    if (!verify_member(s, payload, S("json"), &raw) || raw.n < 2)
        return false;
    if (raw.n > 2)
        verify_expect_z(&r, ",");
    verify_expect(&r, str_from(raw, 1));
    return r.rest.p && r.rest.n == 0;
}

/* Absent members of what is looked for are not compared. */
static bool among(const struct verify_defined *defined, size_t n, struct verify_defined sought)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(defined[i].kind, sought.kind) && str_eq(defined[i].name, sought.name) &&
            (!sought.version.p || str_eq(defined[i].version, sought.version)) &&
            (!sought.hash.p || str_eq(defined[i].hash, sought.hash)))
            return true;
    return false;
}

/* Which members of which events say what they were done under. */
static const struct pin {
    const char *type; /* NULL: of any that has the members */
    const char *kind, *name, *version, *hash;
} pins[] = {
    { "flow.started", "workflow", "workflow", "workflow_version", "workflow_hash" },
    { "flow.move_proposed", "workflow", "workflow", "version", "hash" },
    { "flow.moved", "workflow", "workflow", "version", "hash" },
    { NULL, "form", "form", "form_version", NULL },
    { "order.prescribed", "product", "product", "product_version", NULL },
    { "flow.task_opened", "role", "role", NULL, NULL },
    { "flow.signed", "role", "role", NULL, NULL },
};

/* Forms whose version the workflow left open: a list of form and version. */
static bool forms_among(const struct verify_defined *defined, size_t n, struct str payload,
                        struct verify_scanner *s, struct str *name)
{
    struct str forms, form;
    if (!verify_member(s, payload, S("forms"), &forms))
        return true;
    for (uint64_t i = 0;; i++) {
        char digits[24];
        struct verify_defined sought = { .kind = S("form") };
        snprintf(digits, sizeof digits, "%llu", (unsigned long long)i);
        if (!verify_member(s, forms, str_z(digits), &form))
            return true;
        if (!verify_member_text(s, form, "form", &sought.name) ||
            !verify_member(s, form, S("version"), &sought.version))
            continue; /* of another kind of form */
        *name = sought.name;
        if (!among(defined, n, sought))
            return false;
    }
}

bool verify_defined_pins(const struct verify_defined *defined, size_t n, struct str leaf,
                         struct verify_scanner *s, struct str *kind, struct str *name)
{
    struct str type, payload;
    if (!verify_member_text(s, leaf, "type", &type) ||
        !verify_member(s, leaf, S("payload"), &payload))
        return true;
    for (size_t i = 0; i < sizeof pins / sizeof pins[0]; i++) {
        struct verify_defined sought = { .kind = str_z(pins[i].kind) };
        if ((pins[i].type && !str_is(type, pins[i].type)) ||
            !verify_member_text(s, payload, pins[i].name, &sought.name))
            continue;
        if (pins[i].version &&
            !verify_member(s, payload, str_z(pins[i].version), &sought.version) && !pins[i].type)
            continue; /* of another kind of form */
        if (pins[i].hash)
            (void)verify_member_text(s, payload, pins[i].hash, &sought.hash);
        *kind = sought.kind;
        *name = sought.name;
        if (!among(defined, n, sought))
            return false;
    }
    *kind = S("form");
    return forms_among(defined, n, payload, s, name);
}
