/* What an event is found by, and what of it a reviewer looks for. */
#include "base/id.h"
#include "kernel/define.h"
#include "kernel/trail_impl.h"

const char *const trail_exception_names[TRAIL_EXCEPTIONS] = {
    [TRAIL_LATE] = "late",
    [TRAIL_CORRECTION] = "correction",
    [TRAIL_AFTER_SIGNATURE] = "after_signature",
    [TRAIL_OVERRIDE] = "override",
    [TRAIL_FAILED] = "failed",
    [TRAIL_REFUSED] = "refused",
    [TRAIL_CLOCK] = "clock",
    [TRAIL_TYPED] = "typed",
};

int64_t trail_token(char class, struct str text)
{
    const struct bytes parts[] = { { (const uint8_t *)&class, 1 },
                                   { (const uint8_t *)text.p, text.n } };
    const struct hash h = hash_parts(parts, 2);
    int64_t out;
    memcpy(&out, h.b, sizeof out);
    return out;
}

/* --- exceptions --- */

static bool says(const struct json *payload, const struct trail_mark *mark)
{
    if (!mark->member)
        return true;
    const struct json *m = json_get(payload, mark->member);
    if (!m)
        return false;
    const struct str value = str_z(mark->value);
    if (str_is(value, "true"))
        return m->type == JSON_TRUE;
    if (m->type != JSON_STRING)
        return false;
    if (value.n > 0 && value.p[value.n - 1] == '*')
        return str_starts(m->text, (struct str){ value.p, value.n - 1 });
    return str_eq(m->text, value);
}

static unsigned marked(const struct registry *registry, const struct event *event,
                       const struct json *payload)
{
    size_t n;
    unsigned bits = 0;
    const struct module *const *modules = registry_modules(registry, &n);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < modules[i]->nmarks; k++) {
            const struct trail_mark *mark = &modules[i]->marks[k];
            if (str_is(event->type, mark->type) && says(payload, mark))
                bits |= 1u << mark->what;
        }
    return bits;
}

unsigned trail_exceptions(const struct registry *registry, const struct event *event,
                          const struct json *payload, int64_t ahead)
{
    unsigned bits = marked(registry, event, payload);
    if (str_starts(event->actor, S("account/")) &&
        event->recorded > event->happened + TRAIL_LATE_US)
        bits |= 1u << TRAIL_LATE;
    if (ahead != TIME_NONE && event->recorded < ahead - TRAIL_CLOCK_US)
        bits |= 1u << TRAIL_CLOCK;
    return bits;
}

/* --- tokens --- */

static void add(struct trail_tokens *out, char class, struct str text)
{
    const int64_t token = trail_token(class, text);
    for (size_t i = 0; i < out->n; i++)
        if (out->tokens[i] == token)
            return;
    if (out->n < TRAIL_TOKENS_MAX)
        out->tokens[out->n++] = token;
}

static bool id_like(struct str s)
{
    return s.n == ID_LENGTH && id_valid(s);
}

/* A member that holds an id is a thing of its name; a list of them, "units", things of "unit". */
static void add_member(struct trail_tokens *out, struct str name, struct str id,
                       struct arena *arena)
{
    const size_t n = name.n > 1 && name.p[name.n - 1] == 's' ? name.n - 1 : name.n;
    if (id_like(id))
        add(out, TRAIL_THING, arena_printf(arena, "%.*s/%.*s", (int)n, name.p, STR(id)));
}

static bool is_kind(const struct registry *registry, struct str name)
{
    size_t n;
    const struct module *const *modules = registry_modules(registry, &n);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < modules[i]->nkinds; k++)
            if (str_is(name, modules[i]->kinds[k]->name))
                return true;
    return false;
}

static void add_payload(struct trail_tokens *out, const struct registry *registry,
                        const struct json *object, struct arena *arena)
{
    for (const struct json *m = object->child; m; m = m->next) {
        if (m->type == JSON_STRING && is_kind(registry, m->key))
            add(out, TRAIL_THING,
                arena_printf(arena, "definition/%.*s.%.*s", STR(m->key), STR(m->text)));
        else if (m->type == JSON_STRING)
            add_member(out, m->key, m->text, arena);
        if (m->type != JSON_ARRAY)
            continue;
        for (const struct json *item = m->child; item; item = item->next)
            if (item->type == JSON_STRING)
                add_member(out, m->key, item->text, arena);
            else if (item->type == JSON_OBJECT)
                add_payload(out, registry, item, arena);
    }
}

void trail_tokens_of(struct trail_tokens *out, const struct registry *registry,
                     const struct event *event, const struct json *payload, int64_t ahead,
                     struct arena *arena)
{
    const unsigned bits = trail_exceptions(registry, event, payload, ahead);
    out->n = 0;
    add(out, TRAIL_TYPE, event->type);
    add(out, TRAIL_ACTOR, event->actor);
    for (int i = 0; i < TRAIL_EXCEPTIONS; i++)
        if (bits & 1u << i)
            add(out, TRAIL_EXCEPTION, str_z(trail_exception_names[i]));
    add(out, TRAIL_THING, event->stream);
    add(out, TRAIL_THING, event->key);
    add(out, TRAIL_THING, event->actor);
    if (event->session.p)
        add(out, TRAIL_THING, arena_printf(arena, "session/%.*s", STR(event->session)));
    if (event->device.p)
        add(out, TRAIL_THING,
            str_starts(event->device, S("device/"))
                ? event->device
                : arena_printf(arena, "device/%.*s", STR(event->device)));
    if (event->place.p)
        add(out, TRAIL_THING, arena_printf(arena, "site/%.*s", STR(event->place)));
    for (size_t i = 0; i < event->links.n; i++) {
        const struct event_link *link = &event->links.p[i];
        add(out, TRAIL_THING, arena_printf(arena, "%.*s/%.*s", STR(link->kind), STR(link->id)));
    }
    const struct str order = payload ? json_get_str(payload, "order") : (struct str){ 0 };
    const struct str task = payload ? json_get_str(payload, "task") : (struct str){ 0 };
    if (order.p && task.p) /* the record of a task */
        add(out, TRAIL_THING, arena_printf(arena, "record/%.*s.%.*s", STR(order), STR(task)));
    if (payload)
        add_payload(out, registry, payload, arena);
}
