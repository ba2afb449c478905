/* Reads one Patient and one Condition of FHIR R4. What the command patient.enrol says of a text
 * (how long, which form) is asked of its record, so that it stands in one place. */
#include "modules/interop/fhir_impl.h"

enum { NAME_MAX = 4000 };

bool fhir_refuse(struct fhir_reader *r, const struct fhir_entry *at, const char *field,
                 const char *code, const char *expected)
{
    struct err error = { 0 };
    enum outcome o = REFUSE(&error, code, { "expected", str_z(expected) });
    BUG_ON(o != REFUSED);
    return fhir_refused(r, fhir_path(r, at, field), &error);
}

static bool is_absent(const struct json *value)
{
    return !value || value->type == JSON_NULL;
}

bool fhir_text(struct fhir_reader *r, const struct fhir_entry *at, const char *field,
               const struct json *value, struct str *out)
{
    *out = (struct str){ 0 };
    if (is_absent(value))
        return true;
    if (value->type != JSON_STRING)
        return fhir_refuse(r, at, field, "interop.wrong_type", "string");
    *out = value->text;
    return true;
}

/* A member that is an array (or absent: then it has no items). */
static bool list_items(struct fhir_reader *r, const struct fhir_entry *at, const char *field,
                       const struct json *value, const struct json **first)
{
    *first = NULL;
    if (is_absent(value))
        return true;
    if (value->type != JSON_ARRAY)
        return fhir_refuse(r, at, field, "interop.wrong_type", "array");
    *first = value->child;
    return true;
}

/* A field of the command from a text of the resource. */
static bool put_text(struct fhir_reader *r, const struct fhir_entry *at, const char *path,
                     const struct field *f, void *record, struct str text)
{
    struct err error = { 0 };
    if (text.n == 0) {
        *(struct str *)((char *)record + f->offset) = (struct str){ 0 };
        return !(f->flags & REQUIRED) || fhir_refuse(r, at, path, "interop.missing", NULL);
    }
    enum outcome o = record_set_text(f, record, text, &error);
    if (o == OK)
        return true;
    if (strcmp(error.code, "record.too_long") != 0)
        return fhir_refuse(r, at, path, "interop.malformed", record_expected(f->kind));
    struct err told = { 0 };
    o = REFUSE(&told, "interop.too_long", { "max", err_param(&error, "max") });
    return fhir_refused(r, fhir_path(r, at, path), &told);
}

static bool put(struct fhir_reader *r, const struct fhir_entry *at, const char *path,
                const struct field *f, void *record, const struct json *value)
{
    struct str text;
    return fhir_text(r, at, path, value, &text) && put_text(r, at, path, f, record, text);
}

static const struct field *enrol_field(const char *name)
{
    return record_field(&order_enrol_record, str_z(name));
}

/* "name[1].given" in the reader's arena. */
#define PATH(r, ...) fhir_z(arena_printf((r)->arena, __VA_ARGS__))
static const char *fhir_z(struct str s)
{
    return s.p ? s.p : "";
}

/* --- Patient --- */

/* How well a name serves: official, usual, of no use said; 0: former, of birth, a nickname. */
static int name_rank(const struct json *name)
{
    const struct json *said = json_get(name, "use");
    struct str use = json_get_str(name, "use");
    int rank = str_is(use, "official") ? 6 : str_is(use, "usual") ? 4 : is_absent(said) ? 2 : 0;
    bool ended = json_get(json_get(name, "period"), "end") != NULL;
    return rank > 0 && ended ? rank - 1 : rank;
}

static bool given_names(struct fhir_reader *r, const struct fhir_entry *at, size_t number,
                        const struct json *name, struct order_enrol *out)
{
    const char *path = PATH(r, "name[%zu].given", number);
    const struct json *given;
    if (!list_items(r, at, path, json_get(name, "given"), &given))
        return false;
    struct buf joined = buf_in(r->arena, NAME_MAX);
    for (size_t i = 0; given; given = given->next, i++) {
        struct str part;
        if (!fhir_text(r, at, PATH(r, "name[%zu].given[%zu]", number, i), given, &part))
            return false;
        if (part.n > 0 && joined.n > 0)
            buf_char(&joined, ' ');
        buf_str(&joined, part);
    }
    if (!buf_ok(&joined))
        return fhir_refuse(r, at, path, "interop.malformed", "name");
    return put_text(r, at, path, enrol_field("given"), out, buf_get(&joined));
}

static bool patient_name(struct fhir_reader *r, const struct fhir_entry *at,
                         struct order_enrol *out)
{
    const struct json *name;
    if (!list_items(r, at, "name", json_get(at->resource, "name"), &name))
        return false;
    const struct json *best = NULL;
    size_t number = 0;
    for (size_t i = 0; name; name = name->next, i++) {
        if (name->type != JSON_OBJECT)
            return fhir_refuse(r, at, PATH(r, "name[%zu]", i), "interop.wrong_type", "object");
        if (name_rank(name) > (best ? name_rank(best) : 0)) {
            best = name;
            number = i;
        }
    }
    if (!best)
        return fhir_refuse(r, at, "name", "interop.no_name", NULL);
    return put(r, at, PATH(r, "name[%zu].family", number), enrol_field("family"), out,
               json_get(best, "family")) &&
           given_names(r, at, number, best, out);
}

static bool patient_sex(struct fhir_reader *r, const struct fhir_entry *at, struct order_enrol *out)
{
    struct str sex;
    if (!fhir_text(r, at, "gender", json_get(at->resource, "gender"), &sex))
        return false;
    if (!sex.p)
        sex = S("unknown");
    if (!str_is(sex, "male") && !str_is(sex, "female") && !str_is(sex, "other") &&
        !str_is(sex, "unknown"))
        return fhir_refuse(r, at, "gender", "interop.gender", NULL);
    out->sex = sex;
    return true;
}

/* Text that no two identities share: kind, system and value as a JSON array. */
static struct str identity_of(struct fhir_reader *r, const char *kind, struct str system,
                              struct str value)
{
    struct buf b = buf_in(r->arena, INTEROP_FILE_MAX);
    struct json_out out = json_out(&b);
    json_begin_array(&out);
    json_str(&out, str_z(kind));
    json_str(&out, system);
    json_str(&out, value);
    json_end(&out);
    return buf_get(&b);
}

/* It was given for a time, or once: somebody else may have it now, so that it proves nobody. */
static bool is_lasting(const struct json *identifier)
{
    struct str use = json_get_str(identifier, "use");
    return !str_is(use, "temp") && !str_is(use, "old");
}

/* One identifier; without system or value, or not for good, it is passed over. */
static bool patient_identifier(struct fhir_reader *r, const struct fhir_entry *at, size_t number,
                               const struct json *item, struct order_enrol_identifier *out)
{
    const char *path = PATH(r, "identifier[%zu]", number);
    if (item->type != JSON_OBJECT)
        return fhir_refuse(r, at, path, "interop.wrong_type", "object");
    const char *system_path = PATH(r, "%s.system", path);
    const char *value_path = PATH(r, "%s.value", path);
    struct str system, value;
    if (!fhir_text(r, at, system_path, json_get(item, "system"), &system) ||
        !fhir_text(r, at, value_path, json_get(item, "value"), &value))
        return false;
    if (system.n == 0 || value.n == 0 || !is_lasting(item)) {
        *out = (struct order_enrol_identifier){ 0 };
        r->out->identifiers_passed++;
        return true;
    }
    const struct record *record = &order_enrol_identifier_record;
    return put_text(r, at, system_path, record_field(record, S("system")), out, system) &&
           put_text(r, at, value_path, record_field(record, S("value")), out, value);
}

static bool patient_identifiers(struct fhir_reader *r, const struct fhir_entry *at,
                                struct interop_patient *out)
{
    const struct json *list = json_get(at->resource, "identifier");
    const struct json *item;
    if (!list_items(r, at, "identifier", list, &item))
        return false;
    if (item && list->count > INTEROP_IDENTIFIERS_MAX)
        return fhir_too_many(r, fhir_path(r, at, "identifier"), INTEROP_IDENTIFIERS_MAX);
    struct order_enrol_identifier *all =
        ARENA_ARRAY(r->arena, item ? list->count : 1, struct order_enrol_identifier);
    if (!all)
        return false;
    size_t n = 0;
    for (size_t i = 0; item; item = item->next, i++) {
        if (!patient_identifier(r, at, i, item, &all[n]))
            return false;
        if (all[n].value.n > 0 && !out->identity.p)
            out->identity = identity_of(r, "identifier", all[n].system, all[n].value);
        n += all[n].value.n > 0;
    }
    out->enrol.identifiers.p = all;
    out->enrol.identifiers.n = n;
    if (!out->identity.p && at->url.n > 0)
        out->identity = identity_of(r, "url", (struct str){ 0 }, at->url);
    return out->identity.p || fhir_refuse(r, at, "identifier", "interop.no_identity", NULL);
}

bool fhir_patient_read(struct fhir_reader *r, const struct fhir_entry *at,
                       struct interop_patient *out)
{
    *out = (struct interop_patient){ .path = fhir_path(r, at, "") };
    record_clear(&order_enrol_record, &out->enrol);
    const struct json *active = json_get(at->resource, "active");
    if (!is_absent(active) && active->type != JSON_TRUE && active->type != JSON_FALSE)
        return fhir_refuse(r, at, "active", "interop.wrong_type", "boolean");
    if (active && active->type == JSON_FALSE)
        return fhir_refuse(r, at, "active", "interop.inactive", NULL);
    /* All that is wrong is told at once. */
    bool good = patient_name(r, at, &out->enrol);
    good &= put(r, at, "birthDate", enrol_field("birth_date"), &out->enrol,
                json_get(at->resource, "birthDate"));
    good &= patient_sex(r, at, &out->enrol);
    good &= patient_identifiers(r, at, out);
    out->enrol.source = S("fhir");
    return good;
}

/* --- Condition --- */

static const struct field *condition_field(const char *name)
{
    return record_field(&order_condition_record, str_z(name));
}

static bool condition_code(struct fhir_reader *r, const struct fhir_entry *at,
                           struct order_condition *out)
{
    const struct json *coding;
    if (!list_items(r, at, "code.coding", json_get(json_get(at->resource, "code"), "coding"),
                    &coding))
        return false;
    for (size_t i = 0; coding; coding = coding->next, i++) {
        if (json_get_str(coding, "system").n == 0 || json_get_str(coding, "code").n == 0)
            continue;
        return put(r, at, PATH(r, "code.coding[%zu].system", i), condition_field("system"), out,
                   json_get(coding, "system")) &&
               put(r, at, PATH(r, "code.coding[%zu].code", i), condition_field("code"), out,
                   json_get(coding, "code")) &&
               put(r, at, PATH(r, "code.coding[%zu].display", i), condition_field("title"), out,
                   json_get(coding, "display"));
    }
    return fhir_refuse(r, at, "code.coding", "interop.no_code", NULL);
}

/* The date of a dateTime; a year or a month alone gives none, for it would have to be made up. */
static bool condition_since(struct fhir_reader *r, const struct fhir_entry *at,
                            struct order_condition *out)
{
    const struct json *at_time = json_get(at->resource, "onsetDateTime");
    const char *path = "onsetDateTime";
    if (is_absent(at_time)) {
        at_time = json_get(json_get(at->resource, "onsetPeriod"), "start");
        path = "onsetPeriod.start";
    }
    struct str text;
    if (!fhir_text(r, at, path, at_time, &text))
        return false;
    const struct field *since = condition_field("since");
    bool partial = text.n == 4 || text.n == 7;
    if (partial)
        text = arena_printf(r->arena, "%.*s%s", STR(text), text.n == 4 ? "-01-01" : "-01");
    else if (text.n > 10 && text.p[10] == 'T')
        text.n = 10;
    if (!put_text(r, at, path, since, out, text))
        return false;
    if (partial)
        out->since = (struct str){ 0 };
    return true;
}

bool fhir_condition_read(struct fhir_reader *r, const struct fhir_entry *at,
                         struct order_condition *out, bool *passed)
{
    record_clear(&order_condition_record, out);
    *passed = false;
    const struct json *coding;
    const struct json *status = json_get(at->resource, "verificationStatus");
    if (!list_items(r, at, "verificationStatus.coding", json_get(status, "coding"), &coding))
        return false;
    for (; coding; coding = coding->next) {
        struct str code = json_get_str(coding, "code");
        *passed |= str_is(code, "entered-in-error") || str_is(code, "refuted");
    }
    if (*passed)
        return true;
    bool good = condition_code(r, at, out);
    return condition_since(r, at, out) && good;
}
