/* From text to tree: the bytes are looked at first, because the parser says nothing of bad encoding
 * and takes tabs; then its events become nodes. (libfyaml 0.7.12 loses a few KiB of memory for a
 * long quoted scalar that it refuses; files come from people with a right to load them.) */
#include "kernel/yaml.h"

#include <libfyaml.h>

struct frame {
    struct yaml_node *node; /* mapping or list that is open */
    struct yaml_node *key;  /* in a mapping: the key whose value comes next */
};

struct reader {
    struct arena *arena;
    const struct yaml_limits *limits;
    struct err *e;
    struct fy_diag *diag;
    struct fy_parser *parser;
    struct yaml_node *root;
    struct frame frames[YAML_DEPTH_MAX];
    size_t depth;
    size_t values;
    size_t documents;
};

static enum outcome check_bytes(struct str text, struct err *e);
static enum outcome parse(struct reader *rd, struct str text);

enum outcome yaml_read(struct yaml_node **out, struct arena *arena, struct str text,
                       const struct yaml_limits *limits, struct err *e)
{
    BUG_ON(limits->depth > YAML_DEPTH_MAX);
    struct reader rd = { .arena = arena, .limits = limits, .e = e };
    if (text.n > limits->bytes) {
        char max[24];
        struct buf b = buf_over(max, sizeof max);
        buf_int(&b, (int64_t)limits->bytes);
        return REFUSE(e, "define.too_large", { "max", buf_get(&b) });
    }
    if (str_starts(text, S("\xEF\xBB\xBF")))
        text = str_from(text, 3);
    TRY(check_bytes(text, e));
    enum outcome outcome = parse(&rd, text);
    fy_parser_destroy(rd.parser);
    fy_diag_destroy(rd.diag);
    if (outcome == OK && !rd.root)
        return yaml_at(REFUSE(e, "define.syntax", { "problem", S("the document is empty") }),
                       (struct yaml_mark){ 1, 1 }, e);
    *out = rd.root;
    return outcome;
}

enum outcome yaml_at(enum outcome outcome, struct yaml_mark mark, struct err *e)
{
    if (outcome != REFUSED || e->nparams + 2 > ERR_PARAMS_MAX)
        return outcome;
    const struct {
        const char *name;
        int64_t value;
    } params[] = { { "line", mark.line }, { "column", mark.column } };
    for (size_t i = 0; i < 2; i++) {
        struct buf b = buf_over(e->params[e->nparams].value, ERR_VALUE_MAX - 1);
        buf_int(&b, params[i].value);
        e->params[e->nparams].value[b.n] = '\0';
        e->params[e->nparams++].name = params[i].name;
    }
    return outcome;
}

/* Length of the well-formed UTF-8 character at the beginning of s, 0 when there is none. */
static size_t character(struct str s)
{
    size_t n = 1;
    uint8_t lead = (uint8_t)s.p[0];
    if (lead >= 0x80)
        n = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    return n <= s.n && str_utf8_valid((struct str){ s.p, n }) ? n : 0;
}

/* UTF-8 without control characters but LF, and CR before it. */
static enum outcome check_bytes(struct str text, struct err *e)
{
    struct yaml_mark at = { 1, 1 };
    for (size_t i = 0; i < text.n;) {
        size_t n = character(str_from(text, i));
        if (n == 0)
            return yaml_at(REFUSE(e, "define.encoding"), at, e);
        uint8_t c = (uint8_t)text.p[i];
        uint8_t second = n == 2 ? (uint8_t)text.p[i + 1] : 0xFF;
        bool line_end = c == '\r' && i + 1 < text.n && text.p[i + 1] == '\n';
        if ((c < 0x20 && c != '\n' && !line_end) || c == 0x7F || (c == 0xC2 && second < 0xA0))
            return yaml_at(REFUSE(e, "define.control"), at, e);
        at.column++;
        if (c == '\n')
            at = (struct yaml_mark){ at.line + 1, 1 };
        i += n;
    }
    return OK;
}

static void say_nothing(struct fy_diag *diag, void *user, const char *text, size_t n)
{
    (void)diag, (void)user, (void)text, (void)n;
}

/* The first of the parser's own complaints, if there are any. */
static enum outcome complaint(struct reader *rd)
{
    void *at = NULL;
    const struct fy_diag_error *first = fy_diag_errors_iterate(rd->diag, &at);
    if (!first && !fy_parser_get_stream_error(rd->parser))
        return OK;
    struct str problem = first ? str_z(first->msg) : S("this cannot be read");
    struct yaml_mark mark = { first ? first->line : 1, first ? first->column : 1 };
    return yaml_at(REFUSE(rd->e, "define.syntax", { "problem", problem }), mark, rd->e);
}

static enum outcome take(struct reader *rd, const struct fy_event *event);

static enum outcome parse(struct reader *rd, struct str text)
{
    struct fy_diag_cfg quiet;
    fy_diag_cfg_default(&quiet);
    quiet.fp = NULL;
    quiet.output_fn = say_nothing;
    rd->diag = fy_diag_create(&quiet);
    if (!rd->diag)
        return err_no_memory(rd->e);
    fy_diag_set_collect_errors(rd->diag, true);
    const struct fy_parse_cfg config = {
        .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE,
        .diag = rd->diag,
    };
    rd->parser = fy_parser_create(&config);
    if (!rd->parser || fy_parser_set_string(rd->parser, text.n > 0 ? text.p : "", text.n) != 0)
        return err_no_memory(rd->e);
    struct fy_event *event;
    enum outcome outcome = OK;
    while (outcome == OK && (event = fy_parser_parse(rd->parser))) {
        outcome = take(rd, event);
        fy_parser_event_free(rd->parser, event);
    }
    TRY(outcome);
    return complaint(rd);
}

/* Where a token begins; of a quoted one libfyaml marks what stands behind the quote. */
static struct yaml_mark mark_of(struct fy_token *token)
{
    const struct fy_mark *m = token ? fy_token_start_mark(token) : NULL;
    if (!m)
        return (struct yaml_mark){ 0 };
    enum fy_scalar_style style = fy_token_scalar_style(token);
    bool quoted = style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
    return (struct yaml_mark){ m->line + 1, m->column + (quoted ? 0 : 1) };
}

/* The place of a value that has no token, for nothing stands there: its key, or what came last. */
static struct yaml_mark mark_here(const struct reader *rd)
{
    if (rd->depth == 0)
        return (struct yaml_mark){ 1, 1 };
    const struct frame *f = &rd->frames[rd->depth - 1];
    return f->key ? f->key->mark : f->node->last ? f->node->last->mark : f->node->mark;
}

static enum outcome unsupported(struct reader *rd, struct fy_token *token, const char *found)
{
    struct yaml_mark mark = mark_of(token);
    if (mark.line == 0)
        mark = mark_here(rd);
    return yaml_at(REFUSE(rd->e, "define.unsupported", { "found", str_z(found) }), mark, rd->e);
}

static enum outcome too_many(struct reader *rd, size_t max, struct yaml_mark mark)
{
    char text[24];
    struct buf b = buf_over(text, sizeof text);
    buf_int(&b, (int64_t)max);
    return yaml_at(REFUSE(rd->e, "define.too_many", { "max", buf_get(&b) }), mark, rd->e);
}

/* A node for the token, whose text it takes a copy of. */
static enum outcome node_new(struct reader *rd, struct yaml_node **out, enum json_type type,
                             struct fy_token *token)
{
    struct yaml_node *n = ARENA_NEW(rd->arena, struct yaml_node);
    if (!n)
        return err_no_memory(rd->e);
    n->json.type = type;
    n->mark = mark_of(token);
    if (n->mark.line == 0)
        n->mark = mark_here(rd);
    if (++rd->values > rd->limits->values)
        return too_many(rd, rd->limits->values, n->mark);
    *out = n;
    if (type != JSON_STRING)
        return OK;
    size_t size = 0;
    const char *text = token ? fy_token_get_text(token, &size) : "";
    if (!text)
        return err_no_memory(rd->e);
    n->plain = !token || fy_token_scalar_style(token) == FYSS_PLAIN;
    n->json.text = arena_str(rd->arena, (struct str){ text, size });
    if (!n->json.text.p)
        return err_no_memory(rd->e);
    if (!str_utf8_valid(n->json.text)) /* by an escape */
        return yaml_at(REFUSE(rd->e, "define.encoding"), n->mark, rd->e);
    return OK;
}

static enum outcome take_key(struct reader *rd, struct frame *f, struct yaml_node *key,
                             struct fy_token *token)
{
    if (key->json.text.n == 0)
        return unsupported(rd, token, "an empty key");
    if (key->plain && str_is(key->json.text, "<<"))
        return unsupported(rd, token, "a merge key");
    if (f->node->json.count == rd->limits->members)
        return too_many(rd, rd->limits->members, key->mark);
    for (const struct yaml_node *m = yaml_child(f->node); m; m = yaml_next(m))
        if (str_eq(m->json.key, key->json.text))
            return yaml_at(REFUSE(rd->e, "define.duplicate_key", { "field", key->json.text }),
                           key->mark, rd->e);
    f->key = key;
    return OK;
}

/* Hangs a value under what is open. */
static void attach(struct reader *rd, struct yaml_node *n)
{
    if (rd->depth == 0) {
        rd->root = n;
        return;
    }
    struct frame *f = &rd->frames[rd->depth - 1];
    if (f->key) {
        n->json.key = f->key->json.text;
        n->key = f->key->mark;
    }
    if (f->node->last)
        f->node->last->json.next = &n->json;
    else
        f->node->json.child = &n->json;
    f->node->last = n;
    f->node->json.count++;
    f->key = NULL;
}

static bool wants_key(const struct reader *rd)
{
    const struct frame *f = rd->depth > 0 ? &rd->frames[rd->depth - 1] : NULL;
    return f && f->node->json.type == JSON_OBJECT && !f->key;
}

static enum outcome take_scalar(struct reader *rd, struct fy_token *token)
{
    struct yaml_node *n;
    TRY(node_new(rd, &n, JSON_STRING, token));
    if (wants_key(rd))
        return take_key(rd, &rd->frames[rd->depth - 1], n, token);
    attach(rd, n);
    return OK;
}

static enum outcome take_start(struct reader *rd, enum json_type type, struct fy_token *token)
{
    if (wants_key(rd))
        return unsupported(rd, token, "a mapping or list as a key");
    struct yaml_node *n;
    TRY(node_new(rd, &n, type, token));
    if (rd->depth == rd->limits->depth) {
        char max[24];
        struct buf b = buf_over(max, sizeof max);
        buf_int(&b, (int64_t)rd->limits->depth);
        return yaml_at(REFUSE(rd->e, "define.too_deep", { "max", buf_get(&b) }), n->mark, rd->e);
    }
    attach(rd, n);
    rd->frames[rd->depth++] = (struct frame){ .node = n };
    return OK;
}

static enum outcome take_document(struct reader *rd, const struct fy_event *event)
{
    struct fy_token *token = event->document_start.document_start;
    struct fy_document_state *state = event->document_start.document_state;
    if (rd->documents++ > 0)
        return unsupported(rd, token, "a second document");
    if (state &&
        (fy_document_state_version_explicit(state) || fy_document_state_tags_explicit(state)))
        return unsupported(rd, NULL, "a directive");
    return OK;
}

/* Anchors and tags, which any value may have. */
static enum outcome plain_only(struct reader *rd, struct fy_token *anchor, struct fy_token *tag)
{
    if (anchor)
        return unsupported(rd, anchor, "an anchor");
    return tag ? unsupported(rd, tag, "a tag") : OK;
}

static enum outcome take(struct reader *rd, const struct fy_event *event)
{
    switch (event->type) {
    case FYET_DOCUMENT_START:
        return take_document(rd, event);
    case FYET_ALIAS:
        return unsupported(rd, event->alias.anchor, "an alias");
    case FYET_SCALAR:
        TRY(plain_only(rd, event->scalar.anchor, event->scalar.tag));
        return take_scalar(rd, event->scalar.value);
    case FYET_MAPPING_START:
        TRY(plain_only(rd, event->mapping_start.anchor, event->mapping_start.tag));
        return take_start(rd, JSON_OBJECT, event->mapping_start.mapping_start);
    case FYET_SEQUENCE_START:
        TRY(plain_only(rd, event->sequence_start.anchor, event->sequence_start.tag));
        return take_start(rd, JSON_ARRAY, event->sequence_start.sequence_start);
    case FYET_MAPPING_END:
    case FYET_SEQUENCE_END:
        BUG_ON(rd->depth == 0);
        rd->depth--;
        return OK;
    default:
        return OK;
    }
}
