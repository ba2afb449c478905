/* From tree to struct: each scalar becomes JSON of its field's kind, the record reads that, and
 * what it refuses is told at the place where it stands. */
#include "kernel/yaml.h"

struct binder {
    struct arena *arena;
    const struct yaml_node *root;
    struct err *e;
};

static enum outcome type_record(const struct binder *b, const struct record *r,
                                struct yaml_node *mapping);
static enum outcome explain(const struct binder *b, const struct record *r);

enum outcome yaml_bind(const struct record *r, void *out, struct arena *arena,
                       struct yaml_node *root, struct err *e)
{
    const struct binder b = { .arena = arena, .root = root, .e = e };
    TRY(type_record(&b, r, root));
    enum outcome outcome = record_from_json(r, out, arena, &root->json, e);
    return outcome == REFUSED ? explain(&b, r) : outcome;
}

static enum outcome unknown_field(const struct binder *b, const struct record *r,
                                  const struct yaml_node *m)
{
    char storage[ERR_VALUE_MAX];
    struct buf known = buf_over(storage, sizeof storage - 1);
    for (size_t i = 0; i < r->nfields; i++) {
        buf_z(&known, i > 0 ? ", " : "");
        buf_z(&known, r->fields[i].name);
    }
    return yaml_at(REFUSE(b->e, "define.unknown_field", { "field", m->json.key },
                          { "expected", buf_get(&known) }),
                   m->key, b->e);
}

static bool is_integer(struct str s)
{
    struct str digits = str_starts(s, S("-")) ? str_from(s, 1) : s;
    for (size_t i = 0; i < digits.n; i++)
        if (digits.p[i] < '0' || digits.p[i] > '9')
            return false;
    return digits.n > 0 && (digits.n == 1 || digits.p[0] != '0');
}

static bool is_bool(struct str s)
{
    return str_is(s, "true") || str_is(s, "false");
}

/* A plain scalar as the type it is taken for; all else stays text. */
static void type_scalar(struct yaml_node *n, bool as_integer, bool as_bool)
{
    if (n->json.type != JSON_STRING || !n->plain)
        return;
    if (as_integer && is_integer(n->json.text))
        n->json.type = JSON_NUMBER;
    else if (as_bool && is_bool(n->json.text))
        n->json.type = str_is(n->json.text, "true") ? JSON_TRUE : JSON_FALSE;
    else if (n->json.text.n == 0)
        n->json.type = JSON_NULL;
}

/* Any value, for a field that takes any JSON. Recurses as deep as the tree's limit. */
static void type_any(struct yaml_node *n)
{
    type_scalar(n, true, true);
    for (const struct json *c = n->json.child; c; c = c->next)
        type_any((struct yaml_node *)c);
}

/* JSON of any type is measured by its text, which a tree from YAML has to be given. */
static enum outcome type_json(const struct binder *b, const struct field *f, struct yaml_node *n)
{
    type_any(n);
    struct buf text = buf_in(b->arena, f->max > 0 ? f->max : RECORD_TEXT_MAX);
    json_write_value(&text, &n->json);
    if (text.starved)
        return err_no_memory(b->e);
    n->json.raw = buf_get(&text);
    if (buf_ok(&text))
        return OK;
    char max[24];
    struct buf m = buf_over(max, sizeof max);
    buf_int(&m, (int64_t)text.max);
    return yaml_at(
        REFUSE(b->e, "define.too_long", { "field", n->json.key }, { "max", buf_get(&m) }), n->mark,
        b->e);
}

static enum outcome type_value(const struct binder *b, const struct field *f, struct yaml_node *n)
{
    if (f->kind == FIELD_JSON)
        return type_json(b, f, n);
    if (f->flags & ALONE)
        return type_record(b, f->item, n);
    type_scalar(n, f->kind == FIELD_INT, f->kind == FIELD_BOOL);
    for (const struct json *c = n->json.child; c; c = c->next) {
        type_scalar((struct yaml_node *)c, false, false);
        if (f->kind == FIELD_LIST)
            TRY(type_record(b, f->item, (struct yaml_node *)c));
    }
    return OK;
}

static enum outcome type_record(const struct binder *b, const struct record *r,
                                struct yaml_node *mapping)
{
    if (mapping->json.type != JSON_OBJECT)
        return OK; /* the record refuses it */
    for (const struct json *c = mapping->json.child; c; c = c->next) {
        const struct field *f = record_field(r, c->key);
        if (!f)
            return unknown_field(b, r, (const struct yaml_node *)c);
        TRY(type_value(b, f, (struct yaml_node *)c));
    }
    return OK;
}

/* --- refusals --- */

/* Where a path leads, in the tree and in the records. */
struct place {
    const struct yaml_node *node; /* the nearest that is there */
    const struct record *record;  /* of a mapping; else NULL */
    const struct field *field;    /* NULL: an item of a list, or the whole */
    bool texts;                   /* within a list of texts */
    struct str name;              /* "min"; of an item "acts.2" */
};

static const struct yaml_node *child_named(const struct yaml_node *n, struct str name)
{
    int64_t index = -1;
    if (n->json.type == JSON_ARRAY && !str_to_u63(&index, name))
        return NULL;
    for (const struct yaml_node *c = yaml_child(n); c; c = yaml_next(c))
        if (n->json.type == JSON_OBJECT ? str_eq(c->json.key, name) : index-- == 0)
            return c;
    return NULL;
}

static struct place place_of(const struct yaml_node *root, const struct record *r, struct str path)
{
    struct place p = { .node = root, .record = r };
    bool there = true;
    for (struct str rest = path; rest.p && rest.n > 0;) {
        struct str name = str_cut(&rest, '.');
        const struct yaml_node *below = there ? child_named(p.node, name) : NULL;
        there = below != NULL;
        p.node = below ? below : p.node;
        if (p.record) {
            p.field = record_field(p.record, name);
            p.record = p.field && (p.field->flags & ALONE) ? p.field->item : NULL;
            p.name = (struct str){ name.p, (size_t)(path.p + path.n - name.p) };
        } else {
            p.record = p.field && p.field->kind == FIELD_LIST ? p.field->item : NULL;
            p.texts = p.field && p.field->kind == FIELD_TEXTS;
            p.field = NULL;
        }
    }
    return p;
}

const struct yaml_node *yaml_find(const struct yaml_node *root, struct str path)
{
    return place_of(root, NULL, path).node;
}

/* What a place expects, in words. */
static struct str expected(const struct place *p)
{
    static const char *const words[] = {
        [FIELD_TEXT] = "text without control characters",
        [FIELD_CODE] = "a name of lower-case letters, digits, \"_\", \".\" and \"-\"",
        [FIELD_ID] = "a UUID",
        [FIELD_INT] = "an integer",
        [FIELD_BOOL] = "true or false",
        [FIELD_TIME] = "a time such as 2026-01-01T00:00:00Z",
        [FIELD_DATE] = "a date such as 2026-01-01",
        [FIELD_DECIMAL] = "a decimal number",
        [FIELD_QUANTITY] = "a quantity with its unit such as 12.5 mL",
        [FIELD_HASH] = "64 hexadecimal digits",
        [FIELD_JSON] = "any value",
        [FIELD_BLOB] = "base64",
        [FIELD_LIST] = "a list of mappings",
        [FIELD_TEXTS] = "a list of texts",
    };
    bool list = p->field && !(p->field->flags & ALONE);
    return str_z(list ? words[p->field->kind] : p->texts ? words[FIELD_TEXT] : "a mapping");
}

/* What stands there: "\"abc\"", "a list". */
static struct str found(struct buf *b, const struct place *p)
{
    enum { SHOWN_MAX = 48 };
    const struct json *v = &p->node->json;
    if (v->type == JSON_OBJECT || v->type == JSON_ARRAY)
        return v->type == JSON_OBJECT ? S("a mapping") : S("a list");
    if (v->type == JSON_NULL)
        return S("nothing");
    struct str text = v->text;
    while (text.n > SHOWN_MAX || (text.n < v->text.n && ((uint8_t)text.p[text.n] & 0xC0) == 0x80))
        text.n--;
    buf_char(b, '"');
    for (size_t i = 0; i < text.n; i++)
        buf_char(b, (uint8_t)text.p[i] < 0x20 ? ' ' : text.p[i]);
    buf_z(b, text.n < v->text.n ? "…\"" : "\"");
    bool unquoted = p->field && (p->field->kind == FIELD_INT || p->field->kind == FIELD_BOOL);
    if (unquoted && !p->node->plain)
        buf_z(b, " in quotes");
    return buf_get(b);
}

/* A record's refusal as one of the document: with place, what stands there and what should. */
static enum outcome explain(const struct binder *b, const struct record *r)
{
    const struct err said = *b->e;
    struct place p = place_of(b->root, r, err_param(&said, "field"));
    if (b->root->json.type != JSON_OBJECT)
        p = (struct place){ .node = b->root, .name = S("document") };
    struct str code = str_z(said.code);
    char storage[ERR_VALUE_MAX];
    struct buf shown = buf_over(storage, sizeof storage);
    enum outcome refused;
    if (str_is(code, "record.missing"))
        refused = REFUSE(b->e, "define.missing", { "field", p.name });
    else if (str_is(code, "record.too_long"))
        refused = REFUSE(b->e, "define.too_long", { "field", p.name },
                         { "max", err_param(&said, "max") });
    else
        refused = REFUSE(b->e, "define.wrong_type", { "field", p.name },
                         { "expected", expected(&p) }, { "found", found(&shown, &p) });
    return yaml_at(refused, p.node->mark, b->e);
}
