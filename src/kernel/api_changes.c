/* What changed; see api.h. */
#include "base/id.h"
#include "gen/kernel/api.sql.h"
#include "gen/kernel/epoch.sql.h"
#include "kernel/api.h"
#include "kernel/ledger.h"

#define RECORDS "kernel/api.def"
#include "base/record_tables.h"
#undef RECORDS

enum { SEEN_MAX = 64, EPOCHS_MAX = 1000, LOOK_MAX = 16 << 20 };

/* What was decided of a key in this scan: a log speaks of the same few things again and again. */
struct seen {
    struct str key;
    bool sees;
};

struct changes {
    int64_t epoch;
    int64_t from; /* place in the log of the first that was not looked at */
    int64_t until_us;
    unsigned wait_s;
    uint64_t news; /* before the last look */
    struct api_change *rows;
    size_t n;
    bool at_end; /* nothing was left to look at */
    struct seen seen[SEEN_MAX];
    size_t nseen;
};

/* --- the cursor --- */

static enum outcome log_end(struct db *db, int64_t *out, struct arena *arena, struct err *e)
{
    struct api_end_out end;
    bool found;
    TRY(db_get(db, &sql_api_end, NULL, &end, arena, &found, e));
    *out = found && end.seq != INT_NONE ? end.seq + 1 : 0;
    return OK;
}

/* A cursor of an earlier epoch holds as far as no later one began before it. */
static enum outcome cursor_lasts(struct changes *c, struct db *db, int64_t epoch,
                                 struct arena *arena, struct err *e)
{
    struct record_list list;
    TRY(db_list(db, &sql_epoch_list, NULL, &list, EPOCHS_MAX, arena, e));
    const struct epoch_list_out *row = list.p;
    int64_t lasts = c->from;
    for (size_t i = 0; i < list.n; i++)
        if (row[i].number > epoch && row[i].size < lasts)
            lasts = row[i].size;
    if (lasts < c->from) {
        struct str cursor = arena_printf(arena, "%lld.%lld", (long long)c->epoch, (long long)lasts);
        return REFUSE(e, "api.log_restarted", { "cursor", cursor });
    }
    return OK;
}

static enum outcome read_cursor(struct changes *c, const struct http_request *r, struct db *db,
                                struct err *e)
{
    struct str rest = http_query(r, "after");
    int64_t epoch;
    int64_t end;
    TRY(ledger_epoch(db, &c->epoch, e));
    if (rest.n == 0)
        return OK;
    TRY(log_end(db, &end, r->arena, e));
    if (str_is(rest, "now")) {
        c->from = end;
        return OK;
    }
    if (!str_to_u63(&epoch, str_cut(&rest, '.')) || !str_to_u63(&c->from, rest) ||
        epoch > c->epoch || (epoch == c->epoch && c->from > end))
        return REFUSE(e, "http.malformed_cursor", { "name", S("after") });
    return cursor_lasts(c, db, epoch, r->arena, e);
}

/* --- what of it may be seen --- */

static enum outcome decide_key(bool *out, const struct http_request *r, struct db *db,
                               struct str key, struct err *e)
{
    size_t n;
    const struct module *const *modules = registry_modules(app_of(r)->node->registry, &n);
    const struct str kind = stream_kind(key);
    *out = false;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < modules[i]->nwatches; k++) {
            const struct watch *w = &modules[i]->watches[k];
            if (str_is(kind, w->kind) && show_may(r, w->permission))
                return w->sees(out, db, show_actor(r), stream_id(key), r->arena, e);
        }
    return OK;
}

static enum outcome key_seen(bool *out, struct changes *c, const struct http_request *r,
                             struct db *db, struct str key, struct err *e)
{
    for (size_t i = 0; i < c->nseen && i < SEEN_MAX; i++)
        if (str_eq(c->seen[i].key, key)) {
            *out = c->seen[i].sees;
            return OK;
        }
    TRY(decide_key(out, r, db, key, e));
    c->seen[c->nseen++ % SEEN_MAX] = (struct seen){ key, *out };
    return OK;
}

/* Of a thing that the actor sees, whether they see this event of it; in memory of its own, for a
 * scan looks at many. */
static enum outcome event_seen(bool *out, const struct http_request *r, struct db *db,
                               const struct event *event, struct err *e)
{
    size_t n;
    const struct module *const *modules = registry_modules(app_of(r)->node->registry, &n);
    const struct str kind = stream_kind(event->key);
    *out = true;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < modules[i]->nwatches; k++) {
            const struct watch *w = &modules[i]->watches[k];
            if (!str_is(kind, w->kind) || !w->sees_event)
                continue;
            struct arena *own = arena_new(LOOK_MAX);
            if (!own)
                return err_no_memory(e);
            const enum outcome o =
                w->sees_event(out, db, show_actor(r), stream_id(event->key), event, own, e);
            arena_free(own);
            return o;
        }
    return OK;
}

static enum outcome put_change(struct changes *c, const struct http_request *r, struct db *db,
                               const struct api_scan_out *at, struct err *e)
{
    struct arena *arena = r->arena;
    bool seen;
    struct ledger_row *rows;
    struct event event;
    size_t n;
    TRY(ledger_read(db, at->seq, 1, &rows, &n, arena, e));
    if (n != 1 || rows[0].sequence != at->seq)
        return err_fault(e, "ledger.damaged", "no event %lld", (long long)at->seq);
    TRY(event_read(&event, arena, rows[0].leaf, e));
    TRY(event_seen(&seen, r, db, &event, e));
    if (!seen)
        return OK;
    c->rows[c->n++] = (struct api_change){
        .cursor = arena_printf(arena, "%lld.%lld", (long long)c->epoch, (long long)at->seq + 1),
        .event = event.id,
        .type = event.type,
        .type_version = event.type_version,
        .about = event.key,
        .stream = event.stream,
        .version = event.version,
        .happened = event.happened,
        .recorded = event.recorded,
    };
    return OK;
}

/* A row of the log is as long as its event, so that reading on costs what is read: no more at a
 * time than an answer can hold. */
static enum outcome scan_some(struct changes *c, const struct http_request *r, struct db *db,
                              struct err *e)
{
    struct record_list list;
    const struct api_scan_in in = { c->from, API_CHANGES_MAX };
    TRY(db_list(db, &sql_api_scan, &in, &list, API_CHANGES_MAX, r->arena, e));
    const struct api_scan_out *row = list.p;
    c->at_end = list.n < API_CHANGES_MAX;
    for (size_t i = 0; i < list.n; i++) {
        bool sees;
        if (c->n == API_CHANGES_MAX) {
            c->at_end = false;
            return OK;
        }
        TRY(key_seen(&sees, c, r, db, row[i].key, e));
        if (sees)
            TRY(put_change(c, r, db, &row[i], e));
        c->from = row[i].seq + 1;
    }
    return OK;
}

static enum outcome scan(struct changes *c, const struct http_request *r, struct db *db,
                         struct err *e)
{
    const int64_t begun = c->from;
    c->nseen = 0;
    c->at_end = false;
    while (!c->at_end && c->n < API_CHANGES_MAX && c->from < begun + API_SCAN_MAX)
        TRY(scan_some(c, r, db, e));
    return OK;
}

/* --- the answer --- */

static enum outcome look(struct changes *c, struct http_request *r, bool first, struct err *e)
{
    struct db *db;
    struct store *store = app_of(r)->node->store;
    if (app_of(r)->server)
        c->news = http_news(app_of(r)->server);
    TRY(store_reader_take(&db, store, e));
    enum outcome o = db_begin(db, e);
    if (o == OK) {
        if (first)
            o = read_cursor(c, r, db, e);
        if (o == OK)
            o = scan(c, r, db, e);
        db_rollback(db);
    }
    store_reader_give(store, db);
    return o;
}

static enum http_state answer(struct changes *c, struct http_request *r)
{
    struct err e = { 0 };
    const struct str next = arena_printf(r->arena, "/api/changes?after=%lld.%lld&wait=%u",
                                         (long long)c->epoch, (long long)c->from, c->wait_s);
    if (show_rows(r, &api_change_record, c->rows, c->n, next, &e) != OK)
        return app_problem(r, &e);
    return HTTP_DONE;
}

static enum http_state go_on(struct changes *c, struct http_request *r)
{
    struct err e = { 0 };
    const int64_t left_us = c->until_us - env_mono(&env_system);
    if (c->n > 0 || !c->at_end || left_us <= 0 || !app_of(r)->server)
        return answer(c, r);
    const enum outcome o =
        http_wait_news(r, c->news, (unsigned)((left_us + TIME_SECOND - 1) / TIME_SECOND), &e);
    if (o == OK)
        return HTTP_WAIT;
    return str_is(str_z(e.code), "http.stopping") ? answer(c, r) : app_problem(r, &e);
}

static enum http_state resumed(struct http_request *r)
{
    struct err e = { 0 };
    struct changes *c = r->pending;
    if (http_wait_ended(r)) {
        (void)!REFUSE(&e, "auth.sign_in");
        return app_problem(r, &e);
    }
    return look(c, r, false, &e) == OK ? go_on(c, r) : app_problem(r, &e);
}

static enum outcome read_wait(struct changes *c, const struct http_request *r, struct err *e)
{
    int64_t seconds = 0;
    const struct str wait = http_query(r, "wait");
    if (wait.n > 0 && (!str_to_u63(&seconds, wait) || seconds > API_WAIT_MAX_S))
        return REFUSE(e, "api.wait", { "max", S("60") });
    c->wait_s = (unsigned)seconds;
    c->until_us = env_mono(&env_system) + seconds * TIME_SECOND;
    return OK;
}

enum http_state api_get_changes(struct http_request *r)
{
    struct err e = { 0 };
    struct changes *c = ARENA_NEW(r->arena, struct changes);
    enum outcome o = c ? read_wait(c, r, &e) : err_no_memory(&e);
    if (o == OK) {
        c->rows = ARENA_ARRAY(r->arena, API_CHANGES_MAX, struct api_change);
        r->pending = c;
        r->resumed = resumed;
        o = c->rows ? look(c, r, true, &e) : err_no_memory(&e);
    }
    return o == OK ? go_on(c, r) : app_problem(r, &e);
}
