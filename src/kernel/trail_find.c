/* Asking the trail: lists of places walked together from the newest back. */
#include "base/id.h"
#include "gen/kernel/trail.sql.h"
#include "kernel/trail_impl.h"

enum { LISTS_MAX = 4, SCRATCH_MAX = 64 << 20, SCRATCH_PAGE = 4096 };

/* What is asked for, ready to be walked. */
struct walk {
    struct trail_reader *r;
    const struct trail_filter *filter;
    int64_t lists[LISTS_MAX];
    size_t nlists;
    int64_t lowest; /* places below are not asked for */
    size_t looked;  /* places of the index so far */
    size_t read;    /* events so far */
};

static struct arena *arena_of(const struct trail_reader *r)
{
    return r->page->b->arena;
}

/* --- places in the log --- */

static enum outcome event_at(struct event *out, bool *found, struct db *db, int64_t sequence,
                             struct arena *arena, struct err *e)
{
    struct ledger_row *rows;
    size_t n = 0;
    *found = false;
    if (sequence >= 0)
        TRY(ledger_read(db, sequence, 1, &rows, &n, arena, e));
    if (n == 0 || rows[0].sequence != sequence)
        return OK;
    *found = true;
    return event_read(out, arena, rows[0].leaf, e);
}

enum outcome trail_recorded(int64_t *out, struct db *db, int64_t sequence, struct arena *arena,
                            struct err *e)
{
    struct event event;
    bool found;
    *out = TIME_NONE;
    TRY(event_at(&event, &found, db, sequence, arena, e));
    if (found)
        *out = event.recorded;
    return OK;
}

static enum outcome size_of(int64_t *out, struct db *db, struct arena *arena, struct err *e)
{
    struct ledger_row *rows;
    size_t n;
    TRY(ledger_read_last(db, &rows, &n, arena, e));
    *out = n > 0 ? rows[0].sequence + 1 : 0;
    return OK;
}

/* Times of recording grow but for steps of the clock, which are told as exceptions. */
enum outcome trail_size_at(int64_t *out, struct db *db, int64_t at_us, struct err *e)
{
    struct arena *arena = arena_new(4 << 20);
    int64_t low = 0;
    int64_t high = 0;
    enum outcome o = arena ? size_of(&high, db, arena, e) : err_no_memory(e);
    while (o == OK && low < high) {
        const int64_t middle = low + (high - low) / 2;
        int64_t recorded;
        arena_reset(arena);
        o = trail_recorded(&recorded, db, middle, arena, e);
        if (o != OK)
            break;
        if (recorded != TIME_NONE && recorded < at_us)
            low = middle + 1;
        else
            high = middle;
    }
    arena_free(arena);
    *out = low;
    return o;
}

/* --- rights --- */

static enum outcome decide_key(bool *out, bool *ruled, struct trail_reader *r, struct str key,
                               struct err *e)
{
    size_t n;
    const struct module *const *modules = registry_modules(r->registry, &n);
    const struct str kind = stream_kind(key);
    *out = *ruled = false;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < modules[i]->nwatches; k++)
            if (str_is(kind, modules[i]->watches[k].kind)) {
                *ruled = true;
                return modules[i]->watches[k].sees(out, r->db, r->actor, stream_id(key),
                                                   arena_of(r), e);
            }
    return OK;
}

/* At all of the organisation, or where it took place. */
static bool there(const struct trail_reader *r, const struct event *event)
{
    return actor_may(r->actor, S("trail.see"), event->organisation, event->place);
}

/* Somewhere in it: what is not of one's own place is left out event by event. */
static bool somewhere(const struct trail_reader *r, struct str organisation)
{
    for (size_t i = 0; i < r->actor->ngrants; i++)
        if (str_is(r->actor->grants[i].permission, "trail.see") &&
            str_eq(r->actor->grants[i].organisation, organisation))
            return true;
    return false;
}

enum outcome trail_reader_ready(struct trail_reader *r, struct err *e)
{
    if (!r->keep)
        r->keep = arena_of(r);
    if (!r->seen)
        r->seen = ARENA_NEW(r->keep, struct trail_seen);
    return r->seen ? OK : err_no_memory(e);
}

/* Things with a rule are remembered; for others the event's organisation decides. */
enum outcome trail_sees_event(bool *out, struct trail_reader *r, const struct event *event,
                              struct err *e)
{
    struct trail_seen *seen = r->seen;
    bool ruled;
    for (size_t i = 0; i < seen->nkeys && i < TRAIL_SEEN_MAX; i++)
        if (str_eq(seen->keys[i].key, event->key)) {
            *out = seen->keys[i].sees;
            return OK;
        }
    TRY(decide_key(out, &ruled, r, event->key, e));
    if (!ruled) {
        *out = there(r, event);
        return OK;
    }
    const size_t at = seen->nkeys++ % TRAIL_SEEN_MAX;
    seen->keys[at].key = arena_str(r->keep, event->key);
    seen->keys[at].sees = *out;
    return OK;
}

enum outcome trail_sees(bool *out, struct trail_reader *r, struct str thing, struct err *e)
{
    bool ruled;
    int64_t version;
    struct ledger_row *rows;
    struct event first;
    size_t n;
    struct str of = thing;
    if (str_is(str_cut(&of, '/'), "record")) { /* of a task, "record/<order>.<task>" */
        const struct str order = str_cut(&of, '.');
        thing = arena_printf(arena_of(r), "order/%.*s", STR(order));
    }
    TRY(decide_key(out, &ruled, r, thing, e));
    if (ruled)
        return OK;
    TRY(ledger_head(r->db, thing, &version, e));
    if (version == 0) /* a device, a place: whoever sees the organisation's trail may ask */
        return *out = somewhere(r, r->actor->organisation), OK;
    TRY(ledger_read_stream(r->db, thing, 1, 1, &rows, &n, arena_of(r), e));
    if (n == 0)
        return OK;
    TRY(event_read(&first, arena_of(r), rows[0].leaf, e));
    if (str_eq(first.key, thing))
        return *out = somewhere(r, first.organisation), OK;
    TRY(decide_key(out, &ruled, r, first.key, e)); /* of an order's unit its order's rule */
    if (!ruled)
        *out = somewhere(r, first.organisation);
    return OK;
}

enum outcome trail_may_open(const char **right, struct trail_reader *r, struct str subject,
                            struct err *e)
{
    struct trail_seen *seen = r->seen;
    size_t n;
    const struct module *const *modules = registry_modules(r->registry, &n);
    for (size_t i = 0; i < seen->nsubjects && i < TRAIL_SEEN_MAX; i++)
        if (str_eq(seen->subjects[i].subject, subject)) {
            *right = seen->subjects[i].right;
            return OK;
        }
    *right = str_eq(subject, r->actor->organisation) ? "trail.see" : NULL;
    for (size_t i = 0; i < n && !*right; i++)
        for (size_t k = 0; k < modules[i]->nopeners && !*right; k++) {
            const struct trail_opener *opener = &modules[i]->openers[k];
            bool may = false;
            TRY(opener->may(&may, r->db, r->actor, subject, arena_of(r), e));
            if (may)
                *right = opener->right;
        }
    const size_t at = seen->nsubjects++ % TRAIL_SEEN_MAX;
    seen->subjects[at].subject = arena_str(r->keep, subject);
    seen->subjects[at].right = *right;
    return OK;
}

/* --- walking --- */

static enum outcome below(int64_t *out, struct walk *w, int64_t token, int64_t before,
                          struct err *e)
{
    const struct trail_below_in in = { token, before };
    struct trail_below_out row;
    bool found;
    w->looked++;
    TRY(db_get(w->r->db, &sql_trail_below, &in, &row, arena_of(w->r), &found, e));
    *out = found ? row.sequence : -1;
    return OK;
}

/* The newest place before *at that stands in all lists, or -1; where looking ends it is *at that
 * says how far it came. */
static enum outcome step(int64_t *out, struct walk *w, int64_t *at, struct err *e)
{
    *out = *at - 1;
    for (size_t agreed = 0, i = 0; agreed < w->nlists; i = (i + 1) % w->nlists) {
        int64_t place;
        if (w->looked >= TRAIL_LOOKED_MAX)
            break;
        TRY(below(&place, w, w->lists[i], *out + 1, e));
        agreed = place == *out ? agreed + 1 : 1;
        *out = place;
        if (place < w->lowest)
            break;
    }
    *at = *out;
    if (*out < w->lowest)
        *out = *at = -1;
    return OK;
}

/* The index has 64 bits: the event itself says whether it is meant. */
static bool meant(const struct walk *w, const struct event *event, const struct json *payload)
{
    struct trail_tokens tokens;
    const struct trail_filter *f = w->filter;
    if ((f->actor.p && !str_eq(f->actor, event->actor)) ||
        (f->type.p && !str_eq(f->type, event->type)))
        return false;
    if (!f->thing.p)
        return true;
    trail_tokens_of(&tokens, w->r->registry, event, payload, TIME_NONE, arena_of(w->r));
    for (size_t i = 0; i < tokens.n; i++)
        if (tokens.tokens[i] == trail_token(TRAIL_THING, f->thing))
            return true;
    return false;
}

static enum outcome take(struct trail_row *out, bool *taken, struct walk *w, int64_t sequence,
                         struct err *e)
{
    struct event event;
    const struct json *payload;
    bool found;
    *taken = false;
    w->read++;
    TRY(event_at(&event, &found, w->r->db, sequence, arena_of(w->r), e));
    if (!found)
        return OK;
    TRY(json_read(&payload, arena_of(w->r), event.payload, &json_limits_default, e));
    if (!meant(w, &event, payload))
        return OK;
    TRY(trail_sees_event(taken, w->r, &event, e));
    return *taken ? trail_row_of(out, w->r, sequence, &event, e) : OK;
}

enum outcome trail_malformed(const char *field, struct err *e)
{
    return REFUSE(e, "trail.filter", { "field", str_z(field) });
}

static enum outcome check(const struct trail_filter *f, struct err *e)
{
    bool known = !f->exception.p;
    for (int i = 0; i < TRAIL_EXCEPTIONS; i++)
        known |= str_is(f->exception, trail_exception_names[i]);
    if (!known)
        return trail_malformed("exception", e);
    if (f->thing.p && (stream_kind(f->thing).n == 0 || stream_id(f->thing).n == 0))
        return trail_malformed("thing", e);
    if (f->from != TIME_NONE && f->to != TIME_NONE && f->from >= f->to)
        return trail_malformed("to", e);
    return OK;
}

/* The rarest first would be best; what a thing has is mostly least. */
static enum outcome prepare(struct walk *w, int64_t *at, struct err *e)
{
    const struct trail_filter *f = w->filter;
    int64_t end;
    TRY(check(f, e));
    if (f->thing.p)
        w->lists[w->nlists++] = trail_token(TRAIL_THING, f->thing);
    if (f->exception.p)
        w->lists[w->nlists++] = trail_token(TRAIL_EXCEPTION, f->exception);
    if (f->actor.p)
        w->lists[w->nlists++] = trail_token(TRAIL_ACTOR, f->actor);
    if (f->type.p)
        w->lists[w->nlists++] = trail_token(TRAIL_TYPE, f->type);
    TRY(size_of(&end, w->r->db, arena_of(w->r), e));
    if (*at < 0 || *at > end)
        *at = end;
    if (f->to != TIME_NONE) {
        TRY(trail_size_at(&end, w->r->db, f->to, e));
        *at = end < *at ? end : *at;
    }
    if (f->from != TIME_NONE)
        TRY(trail_size_at(&w->lowest, w->r->db, f->from, e));
    return OK;
}

static enum outcome collect(struct trail_answer *out, struct walk *w, int64_t before, size_t max,
                            struct err *e)
{
    struct trail_row *rows = ARENA_ARRAY(w->r->keep, max + 1, struct trail_row);
    struct buf *b = w->r->page->b;
    struct arena *scratch = b->arena;
    const size_t used = arena_used(w->r->keep);
    if (!rows)
        return err_no_memory(e);
    *out = (struct trail_answer){ .rows = rows, .next = -1 };
    TRY(prepare(w, &before, e));
    for (;;) {
        int64_t place;
        bool taken;
        struct trail_row row;
        arena_reset(scratch);
        *b = buf_in(scratch, SCRATCH_PAGE);
        if (out->n == max || w->looked >= TRAIL_LOOKED_MAX || w->read >= TRAIL_READ_MAX ||
            arena_used(w->r->keep) - used > TRAIL_BYTES_MAX) {
            out->next = before > w->lowest ? before : -1;
            return OK;
        }
        TRY(step(&place, w, &before, e));
        if (before < 0)
            return OK;
        if (w->looked >= TRAIL_LOOKED_MAX && w->nlists > 0) {
            before = place + 1; /* not known to stand in all lists: looked at again */
            continue;
        }
        TRY(take(&row, &taken, w, place, e));
        if (taken && !record_copy(&trail_row_record, &rows[out->n++], &row, w->r->keep))
            return err_no_memory(e);
    }
}

/* What one event takes is given back after it. */
enum outcome trail_find(struct trail_answer *out, struct trail_reader *r,
                        const struct trail_filter *filter, int64_t before, size_t max,
                        struct err *e)
{
    struct arena *scratch = arena_new(SCRATCH_MAX);
    struct buf b = { 0 };
    struct page page = *r->page;
    struct trail_reader inner;
    struct walk w = { .r = &inner, .filter = filter };
    if (!scratch)
        return err_no_memory(e);
    enum outcome o = trail_reader_ready(r, e);
    inner = *r;
    b = buf_in(scratch, SCRATCH_PAGE);
    page.b = &b;
    inner.page = &page;
    if (o == OK)
        o = collect(out, &w, before, max, e);
    arena_free(scratch);
    return o;
}
