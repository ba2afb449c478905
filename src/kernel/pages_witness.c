#include "kernel/pages_witness.h"

#include "kernel/node.h"

enum { ROWS_MAX = 100 };

static struct str word(const struct page *p, const char *key)
{
    return text_find(p->language, str_z(key));
}

static struct str why(struct http_request *r, const struct page *p, struct str code)
{
    const struct err e = { .outcome = REFUSED, .code = arena_str(r->arena, code).p };
    return code.n > 0 ? text_error(r->arena, p->language, &e) : S("");
}

/* What the log says of it, and between two events what is known since. */
static void judge(struct pages_witness_view *v, struct http_request *r, const struct page *p)
{
    const struct contact_list_out *row = v->row;
    v->why = why(r, p, row->code);
    v->since = row->since;
    if (witness_contradicts(row->state)) {
        v->tone = SHOW_STOP;
        v->word = word(p, str_is(row->state, "forked") ? "page.witness.forked"
                                                       : "page.witness.rolled_back");
    } else if (str_is(row->state, "silent")) {
        v->tone = SHOW_STOP;
        v->word = word(p, "page.witness.silent");
        v->since = row->cosigned != TIME_NONE ? row->cosigned : row->asked;
    } else if (row->tries > 0) {
        v->tone = SHOW_WARN;
        v->word = word(p, "page.witness.failing");
        v->since = row->cosigned != TIME_NONE ? row->cosigned : row->asked;
    } else if (row->size != INT_NONE) {
        v->tone = SHOW_OK;
        v->word = word(p, "page.witness.agrees");
        v->since = TIME_NONE;
    } else {
        v->tone = SHOW_IDLE;
        v->word = word(p, "page.witness.new");
        v->since = TIME_NONE;
    }
}

static enum outcome contacts(struct pages_witnesses_view *out, struct http_request *r,
                             struct db *db, struct page *p, struct err *e)
{
    struct record_list list;
    TRY(db_list(db, &sql_contact_list, NULL, &list, ROWS_MAX, r->arena, e));
    struct pages_witness_view *rows = ARENA_ARRAY(r->arena, list.n + 1, struct pages_witness_view);
    if (!rows)
        return err_no_memory(e);
    for (size_t i = 0; i < list.n; i++) {
        rows[i].row = (const struct contact_list_out *)list.p + i;
        judge(&rows[i], r, p);
    }
    out->rows = rows;
    out->n = list.n;
    return OK;
}

static enum outcome history(struct pages_witnesses_view *out, struct http_request *r, struct db *db,
                            struct page *p, struct err *e)
{
    struct record_list list;
    TRY(db_list(db, &sql_witness_contradictions, NULL, &list, ROWS_MAX, r->arena, e));
    struct pages_contradiction_view *rows =
        ARENA_ARRAY(r->arena, list.n + 1, struct pages_contradiction_view);
    if (!rows)
        return err_no_memory(e);
    for (size_t i = 0; i < list.n; i++) {
        rows[i].row = (const struct witness_contradictions_out *)list.p + i;
        rows[i].resolver =
            rows[i].row->resolver.n > 0 ? show_person(p, db, rows[i].row->resolver) : S("");
    }
    out->contradictions = rows;
    out->ncontradictions = list.n;
    return OK;
}

static enum outcome standing(struct pages_witnesses_view *out, struct http_request *r,
                             struct db *db, struct err *e)
{
    struct record_list list;
    const struct actor *actor = show_actor(r);
    TRY(db_list(db, &sql_witness_standings, NULL, &list, ROWS_MAX, r->arena, e));
    struct witness_standings_out *rows =
        ARENA_ARRAY(r->arena, list.n + 1, struct witness_standings_out);
    if (!rows)
        return err_no_memory(e);
    for (size_t i = 0; i < list.n; i++) {
        const struct witness_standings_out *row = (const struct witness_standings_out *)list.p + i;
        if (!witness_contradicts(row->state))
            continue;
        rows[out->nstanding++] = *row;
        out->may_resolve |=
            actor_may(actor, S("witness.resolve"), row->organisation, (struct str){ 0 });
    }
    out->standing = rows;
    return OK;
}

enum outcome pages_witnesses_read(struct pages_witnesses_view *out, struct http_request *r,
                                  struct db *db, struct page *p, uint64_t signed_size,
                                  struct err *e)
{
    const struct node *node = app_of(r)->node;
    struct str note;
    size_t n;
    *out = (struct pages_witnesses_view){ 0 };
    if (!node->witnesses)
        return OK;
    witnesses_counted(node->witnesses, &n, &out->quorum);
    TRY(ledger_cosigned(db, &note, &out->final, r->arena, e));
    out->behind = (int64_t)(signed_size > out->final ? signed_size - out->final : 0);
    TRY(contacts(out, r, db, p, e));
    TRY(standing(out, r, db, e));
    return history(out, r, db, p, e);
}
