/* One draft: its life, what it says, what differs from the version before, and what this person may
 * do with it next. */
#include "gen/kernel/pages/draft.html.h"
#include "gen/kernel/pages/draft_signed.html.h"
#include "kernel/draft_impl.h"
#include "kernel/flow.h"
#include "kernel/pages_draft.h"
#include "kernel/sign_pages.h"

enum { ACTS_MAX = 500, VERSIONS_MAX = 200, SIGNED_MAX = 1 << 20 };

/* --- what is read --- */

enum outcome pages_draft_read(struct draft_state *s, struct http_request *r, struct db *db,
                              struct page *p, struct str draft, struct err *e)
{
    const struct actor *a = show_actor(r);
    bool found = false;
    if (id_valid(draft))
        TRY(draft_read(s, db, draft, a, p->now_us, &found, r->arena, e));
    if (!found || !str_eq(s->row.organisation, a->organisation))
        return REFUSE(e, "gate.unknown", { "kind", S("draft") });
    return OK;
}

enum outcome pages_draft_state(struct draft_state *s, struct http_request *r, struct db *db,
                               struct page *p, struct err *e)
{
    return pages_draft_read(s, r, db, p, http_param(r, "draft"), e);
}

enum outcome pages_draft_acts(struct pages_act **out, size_t *n, const struct http_request *r,
                              struct db *db, struct str draft, struct err *e)
{
    const struct draft_acts_in in = { draft };
    struct record_list list;
    TRY(db_list(db, &sql_draft_acts, &in, &list, ACTS_MAX, r->arena, e));
    const struct draft_acts_out *rows = list.p;
    struct pages_act *acts = ARENA_ARRAY(r->arena, list.n + 1, struct pages_act);
    if (!acts)
        return err_no_memory(e);
    for (size_t i = 0; i < list.n; i++)
        acts[i] = (struct pages_act){
            .act = rows[i].act,
            .actor = rows[i].actor,
            .happened = rows[i].happened,
            .role = rows[i].role,
            .passed = rows[i].passed,
            .reason = show_sealed(r, rows[i].event, "reason", rows[i].reason),
            .input = show_sealed(r, rows[i].event, "input", rows[i].input),
            .report = show_sealed(r, rows[i].event, "report", rows[i].report),
        };
    *out = acts;
    *n = list.n;
    return OK;
}

/* The version before: the highest below that was to be in force. */
static enum outcome version_before(struct definition *out, bool *found, struct db *db,
                                   const struct definition *d, struct arena *arena, struct err *e)
{
    const struct define_versions_in in = { d->kind, d->name };
    struct record_list list;
    *found = false;
    TRY(db_list(db, &sql_define_versions, &in, &list, VERSIONS_MAX, arena, e));
    const struct define_versions_out *rows = list.p; /* newest first */
    for (size_t i = 0; i < list.n && !*found; i++)
        if (rows[i].version < d->version && rows[i].ended != 0)
            TRY(define_find(out, db, d->kind, d->name, rows[i].version, 0, arena, found, e));
    return OK;
}

enum outcome pages_differ_before(struct pages_differences *out, bool *known, struct page *p,
                                 struct db *db, const struct definition *d, struct err *e)
{
    struct definition before;
    TRY(version_before(&before, known, db, d, p->b->arena, e));
    return *known ? pages_differ(out, p, &before, d, e) : OK;
}

/* --- what may be done --- */

static bool may(const struct pages_draft_view *v, enum draft_act act, const char *permission)
{
    struct err ignored = { 0 };
    const struct actor *a = show_actor(v->r);
    return actor_may(a, str_z(permission), a->organisation, a->site) &&
           draft_may(act, &v->state, a, (struct str){ 0 }, &ignored) == OK;
}

/* Each role as often as the table asks for it, with who gave it. */
static enum outcome approvers(struct pages_draft_view *v, struct db *db, struct page *p,
                              struct err *e)
{
    const struct draft_state *s = &v->state;
    const struct actor *a = show_actor(v->r);
    const bool permitted = actor_may(a, S("define.approve"), a->organisation, a->site);
    const size_t n = s->rule ? s->rule->roles.n : 0;
    struct pages_approver *rows = ARENA_ARRAY(p->b->arena, n + 1, struct pages_approver);
    bool *used = ARENA_ARRAY(p->b->arena, s->ndeciders + 1, bool);
    if (!rows || !used)
        return err_no_memory(e);
    for (size_t i = 0; i < n; i++) {
        struct err ignored = { 0 };
        rows[i].role = s->rule->roles.p[i];
        for (size_t k = 0; k < s->ndeciders && !rows[i].who.p; k++)
            if (!used[k] && str_is(s->deciders[k].act, "approved") &&
                str_eq(s->deciders[k].role, rows[i].role)) {
                used[k] = true;
                rows[i].who = show_person(p, db, s->deciders[k].actor);
            }
        rows[i].may = permitted && !rows[i].who.p && !v->may_approve &&
                      draft_may(DRAFT_APPROVE, s, a, rows[i].role, &ignored) == OK;
        v->may_approve |= rows[i].may;
    }
    v->approvers = rows;
    v->napprovers = n;
    return OK;
}

static void acts_of(struct pages_draft_view *v)
{
    const struct draft_one_out *row = &v->state.row;
    const bool ended = str_is(row->state, "rejected") || str_is(row->state, "withdrawn") ||
                       str_is(row->state, "replaced");
    const struct define_kind *kind = define_kind_find(row->kind);
    v->sandbox = kind && kind->trial;
    v->may_try = may(v, DRAFT_TRY, "define.note_trial");
    v->may_accept = may(v, DRAFT_ACCEPT, "define.review");
    v->may_reject = may(v, DRAFT_REJECT, "define.review");
    v->may_release = may(v, DRAFT_RELEASE, "define.release");
    v->may_withdraw = may(v, DRAFT_WITHDRAW, "define.withdraw");
    v->may_again = ended && show_may(v->r, "define.draft");
}

/* … or the journey that each workflow takes: its author goes on from there. */
static struct str input_of(const struct pages_draft_view *v, struct page *p)
{
    const struct str entered = show_entered(v->r, "input");
    if (entered.n > 0)
        return entered;
    for (size_t i = v->life.nacts; i > 0; i--)
        if (v->life.acts[i - 1].input.n > 0)
            return v->life.acts[i - 1].input;
    return define_kind_find(v->definition.kind) == &workflow_kind
               ? pages_journey_example(&v->definition, p->b->arena)
               : S("");
}

/* A draft's text never changes: what stands of it covers it. */
static enum outcome signatures(struct pages_draft_view *v, struct http_request *r, struct db *db,
                               struct page *p, struct err *e)
{
    const struct str draft = v->state.row.draft;
    const struct sign_list_of of = {
        .kind = S("draft"),
        .id = draft,
        .version = INT_NONE,
        .next = arena_printf(p->b->arena, "/definitions/drafts/%.*s", STR(draft)),
    };
    struct sign_list list;
    TRY(sign_list_read(&list, p, r, db, &of, e));
    return sign_list_html(&v->signed_by, p, &list, e);
}

/* --- the page --- */

static enum outcome draft(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct pages_draft_view v = { .r = r, .refused = show_refusal(p, r) };
    TRY(pages_draft_state(&v.state, r, db, p, e));
    if (http_wants_json(r))
        return show_row(r, sql_draft_one.out, &v.state.row, e);
    TRY(draft_bind(&v.definition, &v.state.row, r->arena, e));
    v.author = show_person(p, db, v.state.row.author);
    v.doc = pages_doc_of(p, &v.definition);
    if (define_kind_find(v.definition.kind) == &workflow_kind)
        TRY(pages_workflow_graph(&v.graph, p, v.definition.title, v.definition.body, e));
    TRY(pages_differ_before(&v.differences, &v.known, p, db, &v.definition, e));
    TRY(pages_draft_life(&v.life, r, db, p, &v.state, e));
    TRY(signatures(&v, r, db, p, e));
    acts_of(&v);
    v.input = input_of(&v, p);
    TRY(approvers(&v, db, p, e));
    page_draft(p, &v);
    return OK;
}

enum http_state pages_get_draft(struct http_request *r)
{
    return show(r, "page.draft.title", draft);
}

static enum http_state draft_again(struct http_request *r, const struct err *refused)
{
    return show_again(r, "page.draft.title", draft, refused);
}

enum http_state pages_post_draft(struct http_request *r)
{
    static const char *const known[] = { "define.note_trial", "define.release",
                                         "define.withdraw" }; /* what is signed: /sign/… */
    const struct str name = http_param(r, "command");
    struct err e = { 0 };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (str_is(name, known[i]))
            return app_command(r, &(struct app_command){
                                      .name = name,
                                      .next = arena_printf(r->arena, "/definitions/drafts/%.*s",
                                                           STR(http_param(r, "draft"))),
                                      .refused = draft_again,
                                  });
    (void)REFUSE(&e, "gate.unknown_command", { "command", name });
    return app_problem(r, &e);
}

/* --- what is signed, as its event has it --- */

enum outcome pages_draft_signed(struct html *out, struct page *p, struct http_request *r,
                                struct db *db, const struct sign_asked *asked, struct err *e)
{
    struct define_drafted payload;
    struct json_limits limits = json_limits_default;
    const struct json *object;
    struct pages_draft_view v = { .r = r };
    limits.bytes = SIGN_CONTENT_MAX;
    TRY(json_read(&object, r->arena, asked->content, &limits, e));
    TRY(record_from_sealed_json(&define_drafted_record, &payload, r->arena, object, e));
    const struct draft_one_out row = {
        .kind = payload.kind,
        .name = payload.name,
        .version = payload.version,
        .title = payload.title,
        .planned = payload.effective,
        .hash = payload.hash,
        .json = payload.json,
    };
    TRY(draft_bind(&v.definition, &row, r->arena, e));
    v.doc = pages_doc_of(p, &v.definition);
    TRY(pages_differ_before(&v.differences, &v.known, p, db, &v.definition, e));
    struct page part = *p;
    struct buf b = buf_in(r->arena, SIGNED_MAX);
    part.b = &b;
    page_draft_signed(&part, &v);
    TRY(buf_check(&b, e));
    out->markup = buf_get(&b);
    return OK;
}

/* --- for programs: its acts, and what differs --- */

static enum outcome acts(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct draft_state s;
    struct pages_act *rows;
    size_t n;
    TRY(pages_draft_state(&s, r, db, p, e));
    TRY(pages_draft_acts(&rows, &n, r, db, s.row.draft, e));
    return show_rows(r, &pages_act_record, rows, n, (struct str){ 0 }, e);
}

enum http_state pages_get_draft_acts(struct http_request *r)
{
    return show(r, "page.draft.title", acts);
}

static enum outcome draft_differences(struct http_request *r, struct db *db, struct page *p,
                                      struct err *e)
{
    struct draft_state s;
    struct definition d;
    struct pages_differences differences = { 0 };
    bool known;
    TRY(pages_draft_state(&s, r, db, p, e));
    TRY(draft_bind(&d, &s.row, r->arena, e));
    TRY(pages_differ_before(&differences, &known, p, db, &d, e));
    return show_rows(r, &pages_difference_record, differences.rows, differences.n,
                     (struct str){ 0 }, e);
}

enum http_state pages_get_draft_differences(struct http_request *r)
{
    return show(r, "page.draft.title", draft_differences);
}
