/* Reads a file of FHIR: finds its resources, tells them apart, joins conditions to patients. */
#include <stdio.h>
#include <stdlib.h>

#include "modules/interop/fhir_impl.h"

/* What a patient is referred to by. */
struct key {
    struct str text;
    size_t patient;
};

/* A condition read, in the list of its patient. */
struct found {
    struct order_condition condition;
    const struct found *next;
};

/* A Patient of the file, good or refused. */
struct slot {
    const struct fhir_entry *at;
    struct interop_patient read;
    const struct found *conditions;
    size_t nconditions;
    bool refused;
};

struct join {
    struct fhir_reader *r;
    struct slot *slots;
    size_t nslots;
    struct key *keys; /* sorted by text, then by patient */
    size_t nkeys;
};

/* --- refusals --- */

struct str fhir_path(const struct fhir_reader *r, const struct fhir_entry *at, const char *field)
{
    const char *dot = field[0] ? "." : "";
    switch (r->shape) {
    case FHIR_SINGLE:
        return str_z(field);
    case FHIR_BUNDLE:
        return arena_printf(r->arena, "entry[%zu].resource%s%s", at->number, dot, field);
    case FHIR_LINES:
        return arena_printf(r->arena, "line[%zu]%s%s", at->number, dot, field);
    }
    return (struct str){ 0 };
}

void interop_refuse(struct interop_fhir *out, struct str path, const struct err *error,
                    struct arena *arena)
{
    struct interop_refusal *refusal = NULL;
    if (out->nrefusals++ < INTEROP_REFUSALS_MAX)
        refusal = ARENA_NEW(arena, struct interop_refusal);
    if (!refusal)
        return;
    *refusal = (struct interop_refusal){ .path = path, .error = *error };
    if (out->last)
        out->last->next = refusal;
    else
        out->refusals = refusal;
    out->last = refusal;
}

bool fhir_refused(struct fhir_reader *r, struct str path, const struct err *error)
{
    interop_refuse(r->out, path, error, r->arena);
    return false;
}

bool fhir_too_many(struct fhir_reader *r, struct str path, size_t max)
{
    char text[24];
    snprintf(text, sizeof text, "%zu", max);
    struct err error = { 0 };
    enum outcome o = REFUSE(&error, "interop.too_many", { "max", str_z(text) });
    BUG_ON(o != REFUSED);
    return fhir_refused(r, path, &error);
}

/* A path of the document itself. */
static void refuse_at(struct fhir_reader *r, struct str path, const char *code,
                      const char *expected)
{
    struct err error = { 0 };
    enum outcome o = REFUSE(&error, code, { "expected", str_z(expected) });
    BUG_ON(o != REFUSED);
    fhir_refused(r, path, &error);
}

/* --- documents --- */

/* A resource is an object that says its type. */
static bool is_resource(const struct json *value)
{
    return json_get_str(value, "resourceType").n > 0;
}

static void bundle_entry(struct fhir_reader *r, const struct json *item, size_t number)
{
    struct fhir_entry *entry = &r->entries[number];
    entry->number = number;
    if (item->type != JSON_OBJECT) {
        refuse_at(r, arena_printf(r->arena, "entry[%zu]", number), "interop.wrong_type", "object");
        return;
    }
    const struct json *resource = json_get(item, "resource");
    const struct json *url = json_get(item, "fullUrl");
    if (url && url->type != JSON_STRING && url->type != JSON_NULL)
        refuse_at(r, arena_printf(r->arena, "entry[%zu].fullUrl", number), "interop.wrong_type",
                  "string");
    else if (!is_resource(resource))
        fhir_refuse(r, entry, "", "interop.no_resource", NULL);
    else
        entry->resource = resource;
    entry->url = json_get_str(item, "fullUrl");
}

static void read_bundle(struct fhir_reader *r, const struct json *bundle)
{
    struct str type = json_get_str(bundle, "type");
    const struct json *list = json_get(bundle, "entry");
    r->shape = FHIR_BUNDLE;
    if (!str_is(type, "transaction") && !str_is(type, "batch") && !str_is(type, "collection") &&
        !str_is(type, "searchset")) {
        refuse_at(r, S("type"), "interop.bundle_type", NULL);
    } else if (list && list->type != JSON_ARRAY) {
        refuse_at(r, S("entry"), "interop.wrong_type", "array");
    } else if (list && list->count > INTEROP_ENTRIES_MAX) {
        fhir_too_many(r, S("entry"), INTEROP_ENTRIES_MAX);
    } else if (list) {
        r->entries = ARENA_ARRAY(r->arena, list->count + 1, struct fhir_entry);
        if (!r->entries)
            return;
        r->nentries = list->count;
        size_t number = 0;
        for (const struct json *item = list->child; item; item = item->next)
            bundle_entry(r, item, number++);
    }
}

static void read_single(struct fhir_reader *r, const struct json *root)
{
    if (str_is(json_get_str(root, "resourceType"), "Bundle")) {
        read_bundle(r, root);
        return;
    }
    r->entries = ARENA_NEW(r->arena, struct fhir_entry);
    if (!r->entries)
        return;
    r->nentries = 1;
    if (is_resource(root))
        r->entries->resource = root;
    else
        refuse_at(r, (struct str){ 0 }, "interop.no_resource", NULL);
}

/* NDJSON: the second line begins an object, which no JSON has behind a line that does not end in
 * one of [ , : { */
static bool is_lines(struct str text)
{
    text = str_trim(text);
    struct str first = str_trim(str_cut(&text, '\n'));
    struct str second = { 0 };
    while (text.p && second.n == 0)
        second = str_trim(str_cut(&text, '\n'));
    return first.n > 0 && first.p[0] == '{' && second.n > 0 && second.p[0] == '{' &&
           !strchr("[,:{", first.p[first.n - 1]);
}

static enum outcome read_lines(struct fhir_reader *r, struct str text, struct err *e)
{
    size_t lines = 1;
    for (size_t i = 0; i < text.n; i++)
        lines += text.p[i] == '\n';
    r->shape = FHIR_LINES;
    if (lines > INTEROP_ENTRIES_MAX) {
        fhir_too_many(r, (struct str){ 0 }, INTEROP_ENTRIES_MAX);
        return OK;
    }
    r->entries = ARENA_ARRAY(r->arena, lines, struct fhir_entry);
    if (!r->entries)
        return err_no_memory(e);
    struct json_limits limits = { INTEROP_FILE_MAX, JSON_DEPTH_MAX, INTEROP_VALUES_MAX };
    for (size_t number = 1; text.p; number++) {
        struct str line = str_trim(str_cut(&text, '\n'));
        if (line.n == 0)
            continue;
        struct fhir_entry *entry = &r->entries[r->nentries++];
        entry->number = number;
        const struct json *root;
        struct err error = { 0 };
        size_t before = arena_used(r->arena);
        enum outcome o = json_read(&root, r->arena, line, &limits, &error);
        if (o == FAULT) {
            *e = error;
            return FAULT;
        }
        /* All lines together have the values of one file; a value takes at least its struct. */
        size_t values = (arena_used(r->arena) - before) / sizeof(struct json);
        limits.values -= values < limits.values ? values : limits.values;
        if (o == REFUSED)
            fhir_refused(r, fhir_path(r, entry, ""), &error);
        else if (!is_resource(root))
            fhir_refuse(r, entry, "", "interop.no_resource", NULL);
        else
            entry->resource = root;
    }
    return OK;
}

static enum outcome read_document(struct fhir_reader *r, struct str text, struct err *e)
{
    if (str_starts(text, S("\xEF\xBB\xBF")))
        text = str_from(text, 3);
    if (text.n <= INTEROP_FILE_MAX && is_lines(text))
        return read_lines(r, text, e);
    const struct json_limits limits = { INTEROP_FILE_MAX, JSON_DEPTH_MAX, INTEROP_VALUES_MAX };
    const struct json *root;
    struct err error = { 0 };
    enum outcome o = json_read(&root, r->arena, text, &limits, &error);
    if (o == OK)
        read_single(r, root);
    else if (o == REFUSED)
        fhir_refused(r, (struct str){ 0 }, &error);
    else
        *e = error;
    return o == FAULT ? FAULT : OK;
}

/* --- kinds --- */

static bool is_type(const struct fhir_entry *entry, const char *type)
{
    return str_is(json_get_str(entry->resource, "resourceType"), type);
}

/* Capital, then letters: a word that may be printed. */
static bool type_well_formed(struct str type)
{
    bool good = type.n <= 40 && type.p[0] >= 'A' && type.p[0] <= 'Z';
    for (size_t i = 1; good && i < type.n; i++)
        good = (type.p[i] | 0x20) >= 'a' && (type.p[i] | 0x20) <= 'z';
    return good;
}

static void count_type(struct fhir_reader *r, const struct fhir_entry *entry)
{
    struct interop_fhir *out = r->out;
    struct str type = json_get_str(entry->resource, "resourceType");
    size_t i = 0;
    while (i < out->ntypes && !str_eq(out->types[i].name, type))
        i++;
    if (i == INTEROP_TYPES_MAX || !type_well_formed(type)) {
        fhir_refuse(r, entry, "resourceType", "interop.no_resource", NULL);
        return;
    }
    if (i == out->ntypes)
        out->types[out->ntypes++].name = type;
    out->types[i].count++;
}

/* --- references --- */

static int key_cmp(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    int order = str_cmp(x->text, y->text);
    return order != 0 ? order : (x->patient > y->patient) - (x->patient < y->patient);
}

static void add_key(struct join *j, struct str text, size_t patient)
{
    if (text.n > 0)
        j->keys[j->nkeys++] = (struct key){ text, patient };
}

/* Two patients under one name cannot be told apart: the later is refused. */
static void refuse_duplicates(struct join *j)
{
    for (size_t i = 1; i < j->nkeys; i++) {
        struct slot *slot = &j->slots[j->keys[i].patient];
        if (!str_eq(j->keys[i].text, j->keys[i - 1].text) || slot->refused ||
            j->keys[i].patient == j->keys[i - 1].patient)
            continue;
        slot->refused = true;
        fhir_refuse(j->r, slot->at, "", "interop.duplicate", NULL);
    }
}

static bool collect_patients(struct join *j)
{
    struct fhir_reader *r = j->r;
    size_t n = 0;
    for (size_t i = 0; i < r->nentries; i++)
        n += is_type(&r->entries[i], "Patient");
    j->slots = ARENA_ARRAY(r->arena, n + 1, struct slot);
    j->keys = ARENA_ARRAY(r->arena, 2 * n + 1, struct key);
    if (!j->slots || !j->keys)
        return false;
    for (size_t i = 0; i < r->nentries; i++) {
        const struct fhir_entry *entry = &r->entries[i];
        if (!is_type(entry, "Patient"))
            continue;
        j->slots[j->nslots].at = entry;
        add_key(j, entry->url, j->nslots);
        struct str id = json_get_str(entry->resource, "id");
        if (id.n > 0)
            add_key(j, arena_printf(r->arena, "Patient/%.*s", STR(id)), j->nslots);
        j->nslots++;
    }
    qsort(j->keys, j->nkeys, sizeof *j->keys, key_cmp);
    refuse_duplicates(j);
    for (size_t i = 0; i < j->nslots; i++)
        if (!j->slots[i].refused)
            j->slots[i].refused = !fhir_patient_read(r, j->slots[i].at, &j->slots[i].read);
    return true;
}

/* Without the version that a reference may name. */
static struct str without_version(struct str reference)
{
    for (size_t i = 0; i < reference.n; i++)
        if (str_starts(str_from(reference, i), S("/_history/")))
            return (struct str){ reference.p, i };
    return reference;
}

static struct slot *refer(const struct join *j, struct str reference)
{
    size_t low = 0, high = j->nkeys;
    while (low < high) { /* the first of this text */
        size_t middle = low + (high - low) / 2;
        if (str_cmp(j->keys[middle].text, reference) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < j->nkeys && str_eq(j->keys[low].text, reference);
    return found ? &j->slots[j->keys[low].patient] : NULL;
}

/* --- conditions --- */

static void take_condition(struct join *j, const struct fhir_entry *at)
{
    struct fhir_reader *r = j->r;
    struct found *found = ARENA_NEW(r->arena, struct found);
    struct str reference;
    bool passed;
    if (!found || !fhir_condition_read(r, at, &found->condition, &passed))
        return;
    if (passed) {
        r->out->conditions_passed++;
        return;
    }
    const char *path = "subject.reference";
    if (!fhir_text(r, at, path, json_get(json_get(at->resource, "subject"), "reference"),
                   &reference))
        return;
    struct slot *patient = refer(j, without_version(reference));
    if (reference.n == 0) {
        fhir_refuse(r, at, path, "interop.missing", NULL);
    } else if (!patient) {
        fhir_refuse(r, at, path, "interop.unknown_patient", NULL);
    } else if (patient->refused) {
        fhir_refuse(r, at, path, "interop.patient_refused", NULL);
    } else if (patient->nconditions == INTEROP_CONDITIONS_MAX) {
        fhir_too_many(r, fhir_path(r, at, ""), INTEROP_CONDITIONS_MAX);
    } else {
        found->next = patient->conditions;
        patient->conditions = found;
        patient->nconditions++;
    }
}

static int condition_cmp(const void *a, const void *b)
{
    const struct order_condition *x = a, *y = b;
    int order = str_cmp(x->since, y->since);
    order = order != 0 ? order : str_cmp(x->system, y->system);
    order = order != 0 ? order : str_cmp(x->code, y->code);
    return order != 0 ? order : str_cmp(x->title, y->title);
}

/* By date and code and each once, so that another order in the file is no other patient. */
static bool put_conditions(struct fhir_reader *r, struct slot *slot)
{
    struct order_condition *all =
        ARENA_ARRAY(r->arena, slot->nconditions + 1, struct order_condition);
    if (!all)
        return false;
    size_t n = 0, kept = 0;
    for (const struct found *c = slot->conditions; c; c = c->next)
        all[n++] = c->condition;
    qsort(all, n, sizeof *all, condition_cmp);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || condition_cmp(&all[kept - 1], &all[i]) != 0)
            all[kept++] = all[i];
    slot->read.enrol.conditions.p = all;
    slot->read.enrol.conditions.n = kept;
    return true;
}

static bool join_all(struct join *j)
{
    struct fhir_reader *r = j->r;
    if (!collect_patients(j))
        return false;
    for (size_t i = 0; i < r->nentries; i++) {
        const struct fhir_entry *entry = &r->entries[i];
        if (is_type(entry, "Condition"))
            take_condition(j, entry);
        else if (entry->resource && !is_type(entry, "Patient"))
            count_type(r, entry);
    }
    r->out->patients = ARENA_ARRAY(r->arena, j->nslots + 1, struct interop_patient);
    for (size_t i = 0; r->out->patients && i < j->nslots; i++)
        if (!j->slots[i].refused && put_conditions(r, &j->slots[i]))
            r->out->patients[r->out->npatients++] = j->slots[i].read;
    return true;
}

enum outcome interop_fhir_read(struct interop_fhir *out, struct str text, struct arena *arena,
                               struct err *e)
{
    *out = (struct interop_fhir){ 0 };
    struct fhir_reader r = { .out = out, .arena = arena };
    struct join j = { .r = &r };
    TRY(read_document(&r, text, e));
    bool joined = join_all(&j);
    return joined && !arena_exhausted(arena) ? OK : err_no_memory(e);
}
