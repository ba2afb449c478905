/* Definitions read: from YAML, and from the canonical JSON that the ledger keeps. */
#include "kernel/define.h"
#include "kernel/define_impl.h"
#include "kernel/text.h"
#include "kernel/yaml.h"

#define RECORDS "kernel/define.def"
#include "base/record_tables.h"
#undef RECORDS

static struct {
    const struct define_kind *const *p;
    size_t n;
} kinds;

void define_use(const struct define_kind *const *table, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        BUG_ON(table[i]->shape->nfields + define_head_record.nfields > RECORD_FIELDS_MAX);
        for (size_t f = 0; f < define_head_record.nfields; f++)
            BUG_ON(record_field(table[i]->shape, str_z(define_head_record.fields[f].name)));
    }
    kinds.p = table;
    kinds.n = n;
}

const struct define_kind *define_kind_find(struct str name)
{
    for (size_t i = 0; i < kinds.n; i++)
        if (str_is(name, kinds.p[i]->name))
            return kinds.p[i];
    return NULL;
}

const struct define_kind *const *define_kinds(size_t *n)
{
    *n = kinds.n;
    return kinds.p;
}

static enum outcome find_kind(const struct define_kind **out, const struct yaml_node *root,
                              struct arena *arena, struct err *e);

enum outcome define_read(struct definition *out, const struct define_context *context,
                         struct str yaml, struct err *e)
{
    const struct yaml_limits limits = {
        .bytes = DEFINE_YAML_MAX,
        .depth = DEFINE_DEPTH_MAX,
        .values = DEFINE_VALUES_MAX,
        .members = DEFINE_MEMBERS_MAX,
    };
    struct yaml_node *root;
    TRY(yaml_read(&root, context->arena, yaml, &limits, e));
    const struct define_kind *kind;
    TRY(find_kind(&kind, root, context->arena, e));
    struct define_whole w;
    TRY(define_whole_new(&w, kind, context->arena, e));
    TRY(yaml_bind(&w.record, w.head, context->arena, root, e));
    enum outcome outcome = define_whole_settle(out, &w, context, e);
    bool placed = err_param(e, "line").p || str_is(str_z(e->code), "define.too_large");
    if (outcome != REFUSED || placed)
        return outcome;
    return yaml_at(outcome, yaml_find(root, err_param(e, "at"))->mark, e);
}

/* The kind that the document names, before anything else of it can be understood. */
static enum outcome find_kind(const struct define_kind **out, const struct yaml_node *root,
                              struct arena *arena, struct err *e)
{
    const struct yaml_node *named = yaml_find(root, S("kind"));
    struct yaml_node mapping = *root; /* with that member alone */
    struct yaml_node member = *named;
    member.json.next = NULL;
    if (root->json.type == JSON_OBJECT)
        mapping.json.child = named == root ? NULL : &member.json;
    struct define_head head;
    const struct record only = { "document", sizeof head, &define_head_record.fields[0], 1 };
    TRY(yaml_bind(&only, &head, arena, &mapping, e));
    *out = define_kind_find(head.kind);
    if (*out)
        return OK;
    char storage[ERR_VALUE_MAX];
    struct buf known = buf_over(storage, sizeof storage - 1);
    for (size_t i = 0; i < kinds.n; i++) {
        buf_z(&known, i > 0 ? ", " : "");
        buf_z(&known, kinds.p[i]->name);
    }
    return yaml_at(
        REFUSE(e, "define.unknown_kind", { "kind", head.kind }, { "expected", buf_get(&known) }),
        named->mark, e);
}

enum outcome define_whole_new(struct define_whole *w, const struct define_kind *kind,
                              struct arena *arena, struct err *e)
{
    enum { ALIGNMENT = 16 };
    const size_t before = (sizeof *w->head + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    const size_t nhead = define_head_record.nfields;
    const size_t n = nhead + kind->shape->nfields;
    struct field *fields = ARENA_ARRAY(arena, n, struct field);
    char *both = arena_alloc(arena, before + kind->shape->size);
    if (!fields || !both)
        return err_no_memory(e);
    for (size_t i = 0; i < n; i++) {
        fields[i] = i < nhead ? define_head_record.fields[i] : kind->shape->fields[i - nhead];
        fields[i].offset += i < nhead ? 0 : before;
    }
    *w = (struct define_whole){
        .kind = kind,
        .record = { kind->name, before + kind->shape->size, fields, n },
        .head = (struct define_head *)both,
        .body = both + before,
    };
    record_clear(&w->record, both);
    return OK;
}

static enum outcome canonical(struct str *out, const struct record *r, const void *record,
                              size_t max, struct arena *arena, struct err *e)
{
    struct buf b = buf_in(arena, max);
    struct json_out json = json_out(&b);
    TRY(record_to_json(r, record, &json, NULL, e));
    if (b.starved)
        return err_no_memory(e);
    if (!buf_ok(&b)) {
        char text[24];
        struct buf limit = buf_over(text, sizeof text);
        buf_int(&limit, DEFINE_BODY_MAX);
        return REFUSE(e, "define.too_large", { "max", buf_get(&limit) });
    }
    *out = buf_get(&b);
    return OK;
}

enum outcome define_whole_settle(struct definition *out, const struct define_whole *w,
                                 const struct define_context *context, struct err *e)
{
    const struct define_head *head = w->head;
    if (head->version < 1)
        return REFUSE(e, "define.version_zero", { "at", S("version") });
    if (head->kind.n + 1 + head->name.n > DEFINE_STREAM_MAX) {
        char text[24];
        struct buf max = buf_over(text, sizeof text);
        buf_int(&max, DEFINE_STREAM_MAX - 1 - (int64_t)head->kind.n);
        return REFUSE(e, "define.name_too_long", { "at", S("name") }, { "max", buf_get(&max) });
    }
    struct str whole;
    *out = (struct definition){
        .kind = head->kind,
        .name = head->name,
        .version = head->version,
        .title = head->title,
        .effective = head->effective,
        .body = w->body,
    };
    TRY(canonical(&out->json, w->kind->shape, w->body, DEFINE_BODY_MAX, context->arena, e));
    TRY(canonical(&whole, &w->record, w->head, DEFINE_WHOLE_MAX, context->arena, e));
    char hex[HASH_HEX + 1];
    hash_hex(hex, hash_of(whole.p, whole.n));
    out->hash = arena_str(context->arena, str_z(hex));
    if (!out->hash.p)
        return err_no_memory(e);
    return w->kind->check ? w->kind->check(context, w->body, e) : OK;
}

enum outcome define_body_read(void *body, const struct define_kind *kind, struct str json,
                              struct arena *arena, struct err *e)
{
    const struct json *object;
    TRY(json_read(&object, arena, json, &json_limits_default, e));
    return record_from_json(kind->shape, body, arena, object, e);
}

/* Whether the catalogue's text says the line by itself. */
static bool says_line(struct str language, const struct err *e)
{
    char storage[128];
    struct buf key = buf_over(storage, sizeof storage);
    buf_z(&key, "refusal.");
    buf_z(&key, e->code);
    struct str text = text_find(language, buf_get(&key));
    for (; text.n > 0; text = str_from(text, 1))
        if (str_starts(text, S("{line}")))
            return true;
    return false;
}

struct str define_error(struct arena *arena, struct str language, const struct err *e)
{
    struct str text = text_error(arena, language, e);
    struct str line = err_param(e, "line");
    if (!line.p || says_line(language, e))
        return text;
    const struct text_param params[] = { { "line", line },
                                         { "column", err_param(e, "column") },
                                         { "text", text } };
    struct buf b = buf_in(arena, text.n + 2 * ERR_VALUE_MAX);
    text_write(&b, language, S("define.place"), params, 3);
    return buf_ok(&b) ? buf_get(&b) : text;
}
