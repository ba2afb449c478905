/* Drafts as lists, the page where one is written, and a version as its author goes on from it. */
#include "gen/kernel/pages/draft_new.html.h"
#include "gen/kernel/pages/drafts.html.h"
#include "kernel/pages_draft.h"

enum { DRAFTS_MAX = 100, YAML_MAX = 256 << 10 };

/* --- what waits for this person --- */

static const struct {
    const char *permission, *key;
    enum draft_act act;
} waiting[] = {
    { "define.release", "draft_waits.release", DRAFT_RELEASE },
    { "define.review", "draft_waits.review", DRAFT_ACCEPT },
    { "define.note_trial", "draft_waits.try", DRAFT_TRY },
};

static enum outcome waits_for(struct str *out, struct http_request *r, struct db *db,
                              struct page *p, struct str draft, struct err *e)
{
    const struct actor *a = show_actor(r);
    struct draft_state s;
    struct err ignored = { 0 };
    bool found;
    TRY(draft_read(&s, db, draft, a, p->now_us, &found, r->arena, e));
    const bool approves = actor_may(a, S("define.approve"), a->organisation, a->site);
    for (size_t i = 0; found && approves && s.rule && i < s.rule->roles.n; i++)
        if (draft_may(DRAFT_APPROVE, &s, a, s.rule->roles.p[i], &ignored) == OK)
            *out = S("draft_waits.approve");
    for (size_t i = 0; found && !out->p && i < sizeof waiting / sizeof waiting[0]; i++)
        if (actor_may(a, str_z(waiting[i].permission), a->organisation, a->site) &&
            draft_may(waiting[i].act, &s, a, (struct str){ 0 }, &ignored) == OK &&
            !(waiting[i].act == DRAFT_ACCEPT && str_is(s.row.state, "reviewed")) &&
            !(waiting[i].act == DRAFT_TRY && str_is(s.row.trial, "passed")))
            *out = str_z(waiting[i].key);
    return OK;
}

/* Those that the person may approve, each in the first role that is open. */
enum outcome pages_drafts_approvable(struct sign_waiting *out, struct http_request *r,
                                     struct db *db, struct err *e)
{
    const struct actor *a = show_actor(r);
    const struct draft_waiting_in in = { a->organisation };
    const int64_t now_us = env_now(app_of(r)->node->env);
    struct record_list list;
    if (!actor_may(a, S("define.approve"), a->organisation, a->site))
        return OK;
    TRY(db_list(db, &sql_draft_waiting, &in, &list, 200, r->arena, e));
    const struct draft_waiting_out *rows = list.p;
    for (size_t i = 0; i < list.n && out->n < out->max; i++) {
        struct draft_state s;
        bool found, may = false;
        TRY(draft_read(&s, db, rows[i].draft, a, now_us, &found, r->arena, e));
        for (size_t k = 0; found && !may && s.rule && k < s.rule->roles.n; k++) {
            struct err ignored = { 0 };
            const struct str role = s.rule->roles.p[k];
            may = draft_may(DRAFT_APPROVE, &s, a, role, &ignored) == OK;
            if (may)
                out->p[out->n++] = arena_printf(
                    r->arena, "{\"draft\":\"%.*s\",\"hash\":\"%.*s\",\"role\":\"%.*s\"}",
                    STR(rows[i].draft), STR(rows[i].hash), STR(role));
        }
    }
    return OK;
}

static enum outcome draft_rows(const struct pages_draft_row **out, const struct draft_list_out *in,
                               size_t n, struct http_request *r, struct db *db, struct page *p,
                               struct err *e)
{
    struct pages_draft_row *rows = ARENA_ARRAY(r->arena, n + 1, struct pages_draft_row);
    if (!rows)
        return err_no_memory(e);
    for (size_t i = 0; i < n; i++) {
        rows[i].row = &in[i];
        rows[i].author = show_person(p, db, in[i].author);
        TRY(waits_for(&rows[i].waits, r, db, p, in[i].draft, e));
    }
    *out = rows;
    return OK;
}

enum outcome pages_drafts_open(const struct pages_draft_row **out, size_t *n,
                               struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    const struct draft_waiting_in in = { show_actor(r)->organisation };
    struct record_list list;
    TRY(db_list(db, &sql_draft_waiting, &in, &list, 200, r->arena, e));
    *n = list.n;
    /* both lists have the same columns */
    return draft_rows(out, list.p, list.n, r, db, p, e);
}

/* --- all of them --- */

static enum outcome drafts(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct show_cursor cursor;
    struct record_list list;
    TRY(show_cursor(&cursor, r, "before", 1, e));
    const struct draft_list_in in = {
        .organisation = show_actor(r)->organisation,
        .before = cursor.given ? cursor.number[0] : INT64_MAX,
        .before_draft = cursor.given ? cursor.id : S(""),
        .max = DRAFTS_MAX + 1,
    };
    TRY(db_list(db, &sql_draft_list, &in, &list, DRAFTS_MAX + 1, r->arena, e));
    const struct draft_list_out *rows = list.p;
    struct pages_drafts_view v = { .n = list.n };
    if (list.n > DRAFTS_MAX) {
        v.n = DRAFTS_MAX;
        v.next = arena_printf(r->arena, "/definitions/drafts?before=%lld.%.*s",
                              (long long)rows[v.n - 1].drafted, STR(rows[v.n - 1].draft));
    }
    if (http_wants_json(r))
        return show_rows(r, sql_draft_list.out, rows, v.n, v.next, e);
    TRY(draft_rows(&v.rows, rows, v.n, r, db, p, e));
    for (size_t i = 0; i < v.n; i++)
        v.approves |= str_is(v.rows[i].waits, "draft_waits.approve");
    page_drafts(p, &v);
    return OK;
}

enum http_state pages_get_drafts(struct http_request *r)
{
    return show(r, "page.drafts.title", drafts);
}

/* --- a new one --- */

static const char empty[] = "kind: form\nname: example\nversion: 1\ntitle: Example\n"
                            "effective: 2026-01-01T00:00:00Z\nfields:\n- name: remark\n"
                            "  label: Remark\n  type: text\n";

static enum outcome yaml_of(struct str *out, const struct definition *d, struct arena *arena,
                            struct err *e)
{
    struct buf b = buf_in(arena, YAML_MAX);
    TRY(define_write(&b, d, arena, e));
    *out = buf_get(&b);
    return OK;
}

/* What it goes on from: "form/dose/2", a version that is there, with the next number. */
static enum outcome start_from(struct str *out, struct db *db, struct str from, struct arena *arena,
                               struct err *e)
{
    const struct str kind = str_cut(&from, '/');
    const struct str name = str_cut(&from, '/');
    struct definition d;
    struct define_last_out last;
    int64_t version;
    bool found;
    bool any;
    if (!define_kind_find(kind) || !str_to_u63(&version, from) || version == 0)
        return REFUSE(e, "define.unknown");
    const struct define_last_in in = { kind, name };
    TRY(define_find(&d, db, kind, name, version, 0, arena, &found, e));
    TRY(db_get(db, &sql_define_last, &in, &last, arena, &any, e));
    if (!found || !any)
        return REFUSE(e, "define.unknown");
    d.version = last.version + 1;
    return yaml_of(out, &d, arena, e);
}

/* Or a draft that ended: its text as it was, its number again. */
static enum outcome start_again(struct str *out, struct http_request *r, struct db *db,
                                struct str draft, struct err *e)
{
    const struct draft_one_in in = { draft };
    struct draft_one_out row = { 0 };
    bool found = false;
    if (id_valid(draft))
        TRY(db_get(db, &sql_draft_one, &in, &row, r->arena, &found, e));
    if (!found || !str_eq(row.organisation, show_actor(r)->organisation))
        return REFUSE(e, "gate.unknown", { "kind", S("draft") });
    const struct definition d = {
        .kind = row.kind,
        .name = row.name,
        .version = row.version,
        .title = row.title,
        .effective = row.planned,
        .hash = row.hash,
        .json = row.json,
    };
    return yaml_of(out, &d, r->arena, e);
}

static struct str line_of(struct str yaml, struct str number)
{
    int64_t n = 0;
    struct str line = { 0 };
    (void)str_to_u63(&n, number);
    for (int64_t i = 0; i < n && yaml.p; i++)
        line = str_cut(&yaml, '\n');
    return line;
}

static enum outcome draft_new(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct pages_draft_new_view v = { .refused = show_refusal(p, r), .r = r };
    const struct str from = http_query(r, "from");
    const struct str again = http_query(r, "draft");
    v.yaml = str_z(empty);
    if (show_refused(r)) {
        v.yaml = show_entered(r, "yaml");
        v.line = err_param(show_refused(r), "line");
        v.text = str_trim(line_of(v.yaml, v.line));
    } else if (from.n > 0) {
        TRY(start_from(&v.yaml, db, from, r->arena, e));
    } else if (again.n > 0) {
        TRY(start_again(&v.yaml, r, db, again, e));
    }
    page_draft_new(p, &v);
    return OK;
}

enum http_state pages_get_draft_new(struct http_request *r)
{
    return show(r, "page.draft_new.title", draft_new);
}

static enum http_state new_again(struct http_request *r, const struct err *refused)
{
    return show_again(r, "page.draft_new.title", draft_new, refused);
}

static enum http_state drafted(struct http_request *r, const struct gate_answer *answer)
{
    return show_made(r, answer, "draft", "/definitions/drafts/");
}

enum http_state pages_post_draft_new(struct http_request *r)
{
    return app_command(r, &(struct app_command){
                              .name = S("define.draft"), .done = drafted, .refused = new_again });
}

/* --- one version, for who goes on from it --- */

static enum outcome version_of(struct definition *out, struct http_request *r, struct db *db,
                               struct err *e)
{
    int64_t version;
    bool found = false;
    const struct str kind = http_param(r, "kind");
    if (str_to_u63(&version, http_param(r, "version")) && version > 0 && define_kind_find(kind))
        TRY(define_find(out, db, kind, http_param(r, "name"), version, 0, r->arena, &found, e));
    return found ? OK : REFUSE(e, "define.unknown");
}

static enum outcome version_yaml(struct http_request *r, struct db *db, struct page *p,
                                 struct err *e)
{
    struct definition d;
    (void)p;
    TRY(version_of(&d, r, db, e));
    TRY(yaml_of(&r->answer.body, &d, r->arena, e));
    r->answer.status = 200;
    r->answer.media_type = "text/plain";
    return OK;
}

enum http_state pages_get_version_yaml(struct http_request *r)
{
    return show(r, "page.definition.title", version_yaml);
}

/* From the version that the query names, or the one before. */
static enum outcome version_differences(struct http_request *r, struct db *db, struct page *p,
                                        struct err *e)
{
    struct pages_differences differences = { 0 };
    struct definition d;
    struct definition other;
    int64_t from;
    bool known;
    TRY(version_of(&d, r, db, e));
    if (http_query(r, "from").n == 0) {
        TRY(pages_differ_before(&differences, &known, p, db, &d, e));
    } else {
        known = false;
        if (str_to_u63(&from, http_query(r, "from")) && from > 0)
            TRY(define_find(&other, db, d.kind, d.name, from, 0, r->arena, &known, e));
        if (!known)
            return REFUSE(e, "define.unknown");
        TRY(pages_differ(&differences, p, &other, &d, e));
    }
    return show_rows(r, &pages_difference_record, differences.rows, differences.n,
                     (struct str){ 0 }, e);
}

enum http_state pages_get_version_differences(struct http_request *r)
{
    return show(r, "page.definition.title", version_differences);
}
