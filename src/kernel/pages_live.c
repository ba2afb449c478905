/* What machines read: health, the static log, and the stream of news for open pages. */
#include "base/id.h"
#include "kernel/flow.h"
#include "kernel/node.h"
#include "kernel/pages.h"
#include "kernel/tlog.h"

enum { PARTIES_MAX = 20 };

static enum outcome health(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    (void)p;
    struct str note;
    struct checkpoint c = { 0 };
    TRY(ledger_last_checkpoint(db, &note, r->arena, e));
    if (note.p)
        TRY(checkpoint_read(&c, note, e));
    struct scrub *scrub = app_of(r)->scrub;
    struct scrub_report seen = scrub ? scrub_report(scrub) : (struct scrub_report){ 0 };
    const char *trouble = node_trouble(app_of(r)->node);
    const size_t contradicting = witnesses_contradicting(app_of(r)->node->witnesses);
    uint64_t final = 0;
    if (app_of(r)->node->witnesses)
        TRY(ledger_cosigned(db, &note, &final, r->arena, e));
    struct buf b = buf_in(r->arena, 1024);
    struct json_out out = json_out(&b);
    json_begin_object(&out);
    json_key(&out, "status");
    json_str(&out, contradicting > 0  ? S("contradicted")
                   : seen.damaged > 0 ? S("damaged")
                   : trouble          ? S("down")
                                      : S("ok"));
    json_key(&out, "signed");
    json_int(&out, (int64_t)c.size);
    json_key(&out, "final");
    json_int(&out, (int64_t) final);
    json_key(&out, "contradictions");
    json_int(&out, (int64_t)contradicting);
    json_key(&out, "scrubbed");
    json_int(&out, (int64_t)(seen.tiles * MERKLE_WIDTH));
    json_key(&out, "damaged");
    json_int(&out, (int64_t)seen.damaged);
    if (trouble) {
        json_key(&out, "trouble");
        json_str(&out, str_z(trouble));
    }
    json_end(&out);
    r->answer = (struct http_answer){
        .status = trouble ? 503 : 200,
        .media_type = "application/json",
        .body = buf_get(&b),
        .no_etag = true,
    };
    return buf_check(&b, e);
}

enum http_state pages_get_health(struct http_request *r)
{
    return show(r, "page.layout.product", health);
}

/* Asks no database: who balances the load asks often, and what the writer met it knows. */
enum http_state pages_get_ready(struct http_request *r)
{
    const struct node *node = app_of(r)->node;
    const char *trouble = node_trouble(node);
    r->answer = (struct http_answer){
        .status = trouble ? 503 : 200,
        .media_type = "application/json",
        .body = trouble ? arena_printf(r->arena, "{\"ready\":false,\"trouble\":\"%s\"}", trouble)
                        : arena_printf(r->arena, "{\"ready\":true,\"leads\":%s}",
                                       node_leads(node) ? "true" : "false"),
        .retry_after_s = trouble ? 1 : 0,
        .no_etag = true,
    };
    return HTTP_DONE;
}

static bool is_local(struct str address)
{
    return str_starts(address, S("127.")) || str_is(address, "::1") ||
           str_starts(address, S("[::1]")) || str_is(address, "localhost") ||
           str_starts(address, S("localhost:"));
}

/* From this machine, without a proxy between (a proxy says for whom it asks), and by one of this
 * machine's own names, so that no page of a browser can be led here under another. */
static bool entries_given(const struct http_request *r)
{
    static const char *const proxies[] = { "X-Forwarded-For", "Forwarded", "Via", "X-Real-IP" };
    enum app_entries entries = app_of(r)->entries;
    if (entries != APP_ENTRIES_LOCAL)
        return entries == APP_ENTRIES_ALL;
    for (size_t i = 0; i < sizeof proxies / sizeof proxies[0]; i++)
        if (http_header(r, proxies[i]).p)
            return false;
    return is_local(http_peer(r)) && is_local(http_header(r, "Host"));
}

static enum outcome tlog(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    (void)p;
    const char *type;
    struct str body;
    if (str_starts(http_param(r, "rest"), S("tile/entries")) && !entries_given(r))
        return REFUSE(e, "tlog.entries");
    TRY(tlog_get(db, app_of(r)->node->vkey, http_param(r, "rest"), &body, &type, r->arena, e));
    r->answer = (struct http_answer){ .status = 200, .media_type = type, .body = body };
    return OK;
}

enum http_state pages_get_tlog(struct http_request *r)
{
    return show(r, "page.layout.product", tlog);
}

/* --- news --- */

/* An order's news are for those who take part: organisations in which the actor has a right. */
static enum outcome takes_part(bool *out, struct db *db, const struct actor *actor,
                               struct str order, struct arena *arena, struct err *e)
{
    struct record_list list;
    struct flow_parties_in in = { order };
    *out = false;
    if (!id_valid(order))
        return OK;
    TRY(db_list(db, &sql_flow_parties, &in, &list, PARTIES_MAX, arena, e));
    TRY(flow_actor(&actor, db, actor, order, arena, e));
    const struct flow_parties_out *parties = list.p;
    for (size_t i = 0; i < list.n; i++)
        for (size_t k = 0; k < actor->ngrants; k++)
            *out |= str_eq(parties[i].organisation, actor->grants[k].organisation) &&
                    (!actor->grants[k].site.p || str_eq(parties[i].site, actor->grants[k].site));
    return OK;
}

static enum outcome watched(struct str topics[HTTP_LIVE_TOPICS_MAX], size_t *n,
                            const struct http_request *r, struct db *db, struct err *e)
{
    struct str rest = http_query(r, "topics");
    *n = 0;
    while (rest.p && *n < HTTP_LIVE_TOPICS_MAX) {
        const struct str topic = str_cut(&rest, ',');
        bool may = str_is(topic, "tower") || str_is(topic, "inbox") || str_is(topic, "jobs");
        if (str_starts(topic, S("order/")))
            TRY(takes_part(&may, db, show_actor(r), str_from(topic, sizeof "order/" - 1), r->arena,
                           e));
        if (may)
            topics[(*n)++] = topic;
    }
    return OK;
}

/* "order/<id>,tower": what the actor may not watch, or does not exist, is left out. Begins with
 * what these had since the page was read. */
enum http_state pages_get_live(struct http_request *r)
{
    struct err e = { 0 };
    struct db *db;
    struct store *store = app_of(r)->node->store;
    struct str topics[HTTP_LIVE_TOPICS_MAX];
    size_t n;
    if (store_reader_take(&db, store, &e) != OK)
        return app_problem(r, &e);
    const enum outcome o = watched(topics, &n, r, db, &e);
    store_reader_give(store, db);
    return o == OK ? http_live(r, topics, n, http_query(r, "since")) : app_problem(r, &e);
}
