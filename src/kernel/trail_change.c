/* What an event changed: its fields beside those of the event that says what stood before. */
#include "base/id.h"
#include "kernel/form_impl.h"
#include "kernel/show.h"
#include "kernel/trail_impl.h"

enum { BACK_CHUNK = 20, TEXT_MAX = 400, PARAMS_MAX = 24 };

struct changing {
    struct trail_reader *r;
    struct arena *arena;
    const struct event *event;
    const struct json *payload;
    const struct trail_before *rule; /* NULL: all is new */
    const struct form *form;         /* of its values; NULL: none, or not found */
    struct event before;
    struct trail_values was;
    bool *sealed;
};

/* --- which event stood before --- */

static const struct trail_before *rule_of(const struct registry *registry, struct str type)
{
    size_t n;
    const struct module *const *modules = registry_modules(registry, &n);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < modules[i]->nbefores; k++)
            if (str_is(type, modules[i]->befores[k].type))
                return &modules[i]->befores[k];
    return NULL;
}

static bool among(struct str word, const char *words)
{
    struct str rest = str_z(words);
    while (rest.n > 0)
        if (str_eq(str_cut(&rest, ' '), word))
            return true;
    return false;
}

static bool alike(const struct json *a, const struct json *b, const char *members)
{
    struct str rest = str_z(members ? members : "");
    while (rest.n > 0) {
        const struct str name = str_cut(&rest, ' ');
        char key[64];
        struct buf z = buf_over(key, sizeof key);
        buf_str(&z, name);
        buf_char(&z, '\0');
        if (!str_eq(json_get_str(a, key), json_get_str(b, key)))
            return false;
    }
    return true;
}

static enum outcome try_before(struct changing *c, const struct ledger_row *row, bool *found,
                               struct err *e)
{
    struct event event;
    const struct json *payload;
    TRY(event_read(&event, c->arena, row->leaf, e));
    if (!among(event.type, c->rule->earlier))
        return OK;
    TRY(json_read(&payload, c->arena, event.payload, &json_limits_default, e));
    const struct event_type *type = registry_event(c->r->registry, event.type, event.type_version);
    if (!type || !alike(payload, c->payload, c->rule->key))
        return OK;
    *found = true;
    c->before = event;
    return trail_values_of(&c->was, type, payload, c->arena, e);
}

static enum outcome find_before(struct changing *c, struct err *e)
{
    const int64_t last = c->event->version;
    bool found = false;
    for (int64_t to = last; to > 1 && !found && last - to < TRAIL_BACK_MAX; to -= BACK_CHUNK) {
        struct ledger_row *rows;
        size_t n;
        const int64_t from = to > BACK_CHUNK ? to - BACK_CHUNK : 1;
        TRY(ledger_read_stream(c->r->db, c->event->stream, from, (size_t)(to - from), &rows, &n,
                               c->arena, e));
        for (size_t i = n; i > 0 && !found; i--)
            TRY(try_before(c, &rows[i - 1], &found, e));
    }
    return OK;
}

/* --- words --- */

static struct str last_part(struct str path)
{
    struct str part = path;
    for (struct str rest = path; rest.p && rest.n > 0;) {
        const struct str one = str_cut(&rest, '.');
        if (one.n > 0 && (one.p[0] < '0' || one.p[0] > '9'))
            part = one;
    }
    return part;
}

/* "values.volume.3": the form's own words. */
static struct str label_of(struct changing *c, struct str path)
{
    struct page *p = c->r->page;
    struct str rest = path;
    const struct str first = str_cut(&rest, '.');
    if (c->form && rest.p && (str_is(first, "values") || str_is(first, "secrets"))) {
        const struct form_field *field = form_field_of(c->form, rest);
        struct str row = rest;
        (void)str_cut(&row, '.');
        if (field)
            return row.p ? arena_printf(c->arena, "%.*s, %.*s", STR(field->label), STR(row))
                         : field->label;
    }
    return show_name(p, "field", last_part(path));
}

static struct str name_of_id(struct changing *c, struct str name, struct str id)
{
    if (str_ends(name, S("site")))
        return auth_site_name(c->r->db, id, c->arena);
    if (str_ends(name, S("organisation")))
        return auth_organisation_name(c->r->db, id, c->arena);
    if (str_is(name, "account") || str_is(name, "by"))
        return auth_account_name(c->r->db, id, c->arena);
    return id;
}

static struct str code_of(struct changing *c, struct str name, struct str code)
{
    struct page *p = c->r->page;
    const struct str key = arena_printf(c->arena, "%.*s.%.*s", STR(name), STR(code));
    const struct str text = text_find(p->language, key);
    return text.p ? text : code;
}

static struct str time_of(struct changing *c, struct str text)
{
    int64_t us;
    return clock_read(&us, text) ? show_time(c->r->page, us) : text;
}

static struct str words_of(struct changing *c, const struct trail_value *v)
{
    const struct str name = last_part(v->path);
    if (!v->field) {
        struct str rest = v->path;
        (void)str_cut(&rest, '.');
        const struct form_field *field = c->form && rest.p ? form_field_of(c->form, rest) : NULL;
        return field && !str_ends(v->path, S(".mark"))
                   ? form_value_text(c->r->page, field, v->text, c->arena)
                   : v->text;
    }
    switch (v->field->kind) {
    case FIELD_ID:
        return name_of_id(c, name, v->text);
    case FIELD_CODE:
        return code_of(c, name, v->text);
    case FIELD_TIME:
        return time_of(c, v->text);
    case FIELD_TEXT:
        return str_starts(v->text, S("account/")) ? show_person(c->r->page, c->r->db, v->text)
                                                  : v->text;
    default:
        return v->text;
    }
}

/* --- what is sealed --- */

/* By right and recorded, or not at all. */
static enum outcome opened(struct str *out, struct changing *c, struct str event, struct str path,
                           struct str text, struct err *e)
{
    struct err why = { 0 };
    const char *right = NULL;
    *out = (struct str){ 0 };
    if (c->r->looks)
        TRY(trail_may_open(&right, c->r, seal_subject(text), e));
    const struct look_at at = { event, path, text, right, c->arena };
    if (right && look_open(c->r->looks, out, &at, &why) == OK)
        return OK;
    *out = (struct str){ 0 };
    *c->sealed = true;
    return why.outcome == FAULT ? (*e = why, FAULT) : OK;
}

/* The path under which it was sealed: items of a list by number, not by name. */
static struct str sealed_path(struct changing *c, const struct json *payload, struct str path)
{
    struct str rest = path;
    const struct str list = str_cut(&rest, '.');
    char key[64];
    struct buf z = buf_over(key, sizeof key);
    buf_str(&z, list);
    buf_char(&z, '\0');
    const struct json *array = rest.p ? json_get(payload, key) : NULL;
    size_t i = 0;
    if (!array || array->type != JSON_ARRAY)
        return path;
    for (const struct json *item = array->child; item; item = item->next, i++)
        if (str_eq(json_get_str(item, "name"), rest))
            return arena_printf(c->arena, "%.*s.%zu.%s", STR(list), i,
                                json_get_str(item, "value").p ? "value" : "entered");
    return path;
}

static enum outcome told(struct str *out, struct changing *c, const struct event *event,
                         const struct trail_value *v, struct err *e)
{
    if (!seal_is(v->text)) {
        *out = words_of(c, v);
        return OK;
    }
    const struct json *payload;
    TRY(json_read(&payload, c->arena, event->payload, &json_limits_default, e));
    return opened(out, c, event->id, sealed_path(c, payload, v->path), v->text, e);
}

/* --- side by side --- */

static const struct trail_value *was_at(const struct changing *c, struct str path)
{
    struct str other = path;
    if (c->rule && c->rule->as) {
        struct str as = str_z(c->rule->as);
        if (str_eq(str_cut(&as, '='), path))
            other = as;
    }
    for (int pass = 0; pass < 2; pass++, other = path)
        for (size_t i = 0; i < c->was.n; i++)
            if (str_eq(c->was.p[i].path, pass == 0 ? other : path))
                return &c->was.p[i];
    return NULL;
}

static bool spoken(const struct trail_values *now, struct str path)
{
    for (size_t i = 0; i < now->n; i++)
        if (str_eq(now->p[i].path, path))
            return true;
    return false;
}

/* The stream's own id and the names of what an event is about say nothing new. */
static bool is_key(const struct changing *c, const struct trail_value *v)
{
    if (str_eq(v->text, stream_id(c->event->stream)) ||
        (v->field && v->field->kind == FIELD_ID && str_eq(v->text, stream_id(c->event->key))))
        return true;
    return false;
}

static enum outcome change(struct trail_change *out, struct changing *c,
                           const struct trail_value *was, const struct trail_value *now,
                           struct err *e)
{
    *out = (struct trail_change){
        .path = now ? now->path : was->path,
        .label = label_of(c, now ? now->path : was->path),
        .entered = now ? now->entered : (struct str){ 0 },
        .sealed = (now && seal_is(now->text)) || (was && seal_is(was->text)),
        .removed = !now,
    };
    if (was)
        TRY(told(&out->before, c, &c->before, was, e));
    return now ? told(&out->after, c, c->event, now, e) : OK;
}

static enum outcome compare(struct trail_change *out, size_t *n, struct changing *c,
                            const struct trail_values *now, struct err *e)
{
    for (size_t i = 0; i < now->n; i++) {
        const struct trail_value *was = was_at(c, now->p[i].path);
        if (is_key(c, &now->p[i]) ||
            (was && str_eq(was->text, now->p[i].text) && str_eq(was->entered, now->p[i].entered)))
            continue;
        TRY(change(&out[*n], c, was, &now->p[i], e));
        /* Sealed anew each time; once opened, the same says itself. */
        *n += !(out[*n].sealed && was && out[*n].after.p && str_eq(out[*n].before, out[*n].after));
    }
    for (size_t i = 0; c->rule && c->rule->whole && i < c->was.n && *n < TRAIL_CHANGES_MAX; i++)
        if (!spoken(now, c->was.p[i].path))
            TRY(change(&out[(*n)++], c, &c->was.p[i], NULL, e));
    return OK;
}

/* The form whose words its values have. */
static enum outcome find_form(struct changing *c, struct err *e)
{
    const struct str name = json_get_str(c->payload, "form");
    const struct json *version = json_get(c->payload, "form_version");
    struct definition d;
    int64_t number;
    bool found = false;
    if (!name.p || !version || !str_to_u63(&number, version->raw))
        return OK;
    struct err ignored = { 0 };
    (void)e;
    if (define_find(&d, c->r->db, S("form"), name, number, TIME_NONE, c->arena, &found, &ignored) ==
            OK &&
        found)
        c->form = words_say_body(c->r->page, &form_record, d.body);
    return OK;
}

enum outcome trail_changes(struct record_list *out, bool *sealed, struct trail_reader *r,
                           const struct event *event, const struct json *payload, struct err *e)
{
    struct arena *arena = r->page->b->arena;
    struct changing c = {
        .r = r, .arena = arena, .event = event, .payload = payload, .sealed = sealed
    };
    const struct event_type *type = registry_event(r->registry, event->type, event->type_version);
    struct trail_values now;
    struct trail_change *changes = ARENA_ARRAY(arena, 2 * TRAIL_CHANGES_MAX, struct trail_change);
    size_t n = 0;
    *out = (struct record_list){ changes, 0 };
    if (!changes)
        return err_no_memory(e);
    if (!type)
        return OK;
    TRY(trail_values_of(&now, type, payload, arena, e));
    TRY(find_form(&c, e));
    c.rule = rule_of(r->registry, event->type);
    if (c.rule)
        TRY(find_before(&c, e));
    TRY(compare(changes, &n, &c, &now, e));
    out->n = n;
    return OK;
}

/* --- the row --- */

static enum outcome reason_of(struct str *out, bool *sealed, struct trail_reader *r,
                              const struct event *event, struct err *e)
{
    struct changing c = { .r = r, .arena = r->page->b->arena, .event = event, .sealed = sealed };
    *out = (struct str){ 0 };
    return event->reason.p ? opened(out, &c, event->id, S("reason"), event->reason, e) : OK;
}

static enum outcome fill_exceptions(struct trail_row *out, struct trail_reader *r,
                                    const struct event *event, const struct json *payload,
                                    struct err *e)
{
    struct arena *arena = r->page->b->arena;
    int64_t ahead;
    TRY(trail_recorded(&ahead, r->db, out->sequence - 1, arena, e));
    const unsigned bits = trail_exceptions(r->registry, event, payload, ahead);
    struct str *names = ARENA_ARRAY(arena, TRAIL_EXCEPTIONS, struct str);
    if (!names)
        return err_no_memory(e);
    out->exceptions.p = names;
    for (int i = 0; i < TRAIL_EXCEPTIONS; i++)
        if (bits & 1u << i)
            names[out->exceptions.n++] = str_z(trail_exception_names[i]);
    if (event->recorded > event->happened + TRAIL_LATE_US)
        out->late_s = (event->recorded - event->happened) / TIME_SECOND;
    return OK;
}

/* The event's text, filled in with what its payload says. */
static struct str what_of(struct trail_reader *r, const struct event *event,
                          const struct json *payload)
{
    struct page *p = r->page;
    struct arena *arena = p->b->arena;
    struct text_param params[PARAMS_MAX];
    size_t n = 0;
    struct buf b = buf_in(arena, TEXT_MAX);
    const struct str key = arena_printf(arena, "event.%.*s", STR(event->type));
    if (!text_find(p->language, key).p)
        return event->type;
    for (const struct json *m = payload->child; m && n < PARAMS_MAX; m = m->next)
        if (!m->child && m->raw.n < 100 && !seal_is(m->text))
            params[n++] = (struct text_param){
                arena_str(arena, m->key).p,
                m->type == JSON_STRING ? show_name(p, arena_str(arena, m->key).p, m->text) : m->raw,
            };
    text_write(&b, p->language, key, params, n);
    return buf_ok(&b) && b.n > 0 ? buf_get(&b) : event->type;
}

enum outcome trail_row_of(struct trail_row *out, struct trail_reader *r, int64_t sequence,
                          const struct event *event, struct err *e)
{
    struct arena *arena = r->page->b->arena;
    const struct json *payload;
    struct record_list changes;
    TRY(trail_reader_ready(r, e));
    TRY(json_read(&payload, arena, event->payload, &json_limits_default, e));
    *out = (struct trail_row){
        .sequence = sequence,
        .event = event->id,
        .type = event->type,
        .what = what_of(r, event, payload),
        .stream = event->stream,
        .version = event->version,
        .about = event->key,
        .happened = event->happened,
        .entered = event->entered,
        .recorded = event->recorded,
        .late_s = INT_NONE,
        .more = INT_NONE,
        .actor = event->actor,
        .person = show_person(r->page, r->db, event->actor),
        .organisation = event->organisation,
        .place = event->place,
        .device = event->device,
        .session = event->session,
        .command = event->command,
        .cause = event->cause,
        .is_signed = event->signature.p != NULL,
    };
    if (event->place.p && id_valid(event->place))
        out->place_name = auth_site_name(r->db, event->place, arena);
    TRY(reason_of(&out->reason, &out->sealed, r, event, e));
    TRY(trail_changes(&changes, &out->sealed, r, event, payload, e));
    out->changes.p = changes.p;
    out->changes.n = changes.n < TRAIL_TOLD_MAX ? changes.n : TRAIL_TOLD_MAX;
    if (changes.n > TRAIL_TOLD_MAX)
        out->more = (int64_t)(changes.n - TRAIL_TOLD_MAX);
    return fill_exceptions(out, r, event, payload, e);
}
