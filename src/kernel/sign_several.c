/* The page on which several things are signed at once: asked one after the other, shown together,
 * then sent one after the other. On the threads for what takes long, which may wait for the gate.
 */
#include "kernel/sign_several.h"

#include "base/id.h"
#include "gen/kernel/pages/sign_several.html.h"
#include "kernel/auth_pages.h"

static struct gate_command command_of(struct http_request *r, const struct sign_several_view *v,
                                      const struct sign_several_thing *x)
{
    return (struct gate_command){
        .id = x->id,
        .name = v->command,
        .body = x->body,
        .actor = &auth_of(r)->actor,
        .happened = TIME_NONE,
        .entered = TIME_NONE,
        .arena = r->arena,
    };
}

/* --- which things --- */

static struct str numbered(struct http_request *r, const char *name, size_t i)
{
    return http_form(r, arena_printf(r->arena, "%s.%zu", name, i).p);
}

/* As the page sent them back. */
static enum outcome things_sent(struct sign_several_view *v, struct http_request *r, struct err *e)
{
    for (size_t i = 0; numbered(r, "thing", i).p; i++) {
        if (i == SIGN_SEVERAL_MAX)
            return REFUSE(e, "sign.too_many", { "max", S("20") });
        v->things[v->n++] = (struct sign_several_thing){
            .at = (int64_t)i,
            .number = (int64_t)i + 1,
            .body = numbered(r, "thing", i),
            .id = numbered(r, "id", i),
            .marked = numbered(r, "mark", i).n > 0,
        };
    }
    return OK;
}

static enum outcome thing_add(struct sign_several_view *v, struct str body, struct err *e)
{
    if (v->n == SIGN_SEVERAL_MAX)
        return REFUSE(e, "sign.too_many", { "max", S("20") });
    const int64_t at = (int64_t)v->n;
    v->things[v->n++] = (struct sign_several_thing){ .at = at, .number = at + 1, .body = body };
    return OK;
}

static enum outcome things_asked(struct sign_several_view *v, struct http_request *r,
                                 const struct sign_view *view, struct err *e)
{
    for (size_t i = 0; i < r->nquery; i++)
        if (str_is(r->query[i].name, "thing"))
            TRY(thing_add(v, r->query[i].value, e));
    if (v->n > 0 || !view->waiting)
        return OK;
    struct db *db;
    struct store *store = app_of(r)->node->store;
    struct sign_waiting found = { .p = ARENA_ARRAY(r->arena, SIGN_SEVERAL_MAX, struct str),
                                  .max = SIGN_SEVERAL_MAX };
    if (!found.p)
        return err_no_memory(e);
    TRY(store_reader_take(&db, store, e));
    const enum outcome o = view->waiting(&found, r, db, e);
    store_reader_give(store, db);
    for (size_t i = 0; o == OK && i < found.n; i++)
        TRY(thing_add(v, found.p[i], e));
    return o;
}

static enum outcome begin(struct sign_several_view **out, const struct sign_view **view,
                          struct http_request *r, struct err *e)
{
    const struct str command = http_param(r, "command");
    const struct command_type *type = registry_command(app_of(r)->node->registry, command);
    struct sign_several_view *v = ARENA_NEW(r->arena, struct sign_several_view);
    if (!v)
        return err_no_memory(e);
    *out = v;
    *view = sign_view_of(r, command);
    if (!type || !*view)
        return REFUSE(e, "gate.unknown_command", { "command", command });
    if (type->flags & COMMAND_NEEDS_REASON)
        return REFUSE(e, "sign.one_by_one");
    v->command = command;
    v->signer = auth_of(r)->person;
    v->things = ARENA_ARRAY(r->arena, SIGN_SEVERAL_MAX, struct sign_several_thing);
    return v->things ? OK : err_no_memory(e);
}

/* --- shown --- */

/* Under an id of its own, which becomes that of the command when it is signed. */
static enum outcome ask(struct sign_several_view *v, struct sign_several_thing *x,
                        struct http_request *r, struct err *e)
{
    const struct id id = id_new(app_of(r)->node->env);
    struct gate_answer answer = { 0 };
    x->id = arena_str(r->arena, id_str(&id));
    struct gate_command c = command_of(r, v, x);
    c.asks = true;
    const enum outcome o = gate_send(app_of(r)->node->gate, &c, &answer, &x->refused);
    if (o == FAULT)
        *e = x->refused;
    if (o != OK)
        return o == FAULT ? FAULT : OK;
    v->nasked++;
    return sign_asked_read(&x->asked, answer.body, r->arena, e);
}

static struct str strongest(const struct sign_several_view *v)
{
    static const char *const words[] = { "token", "code", "password" };
    for (size_t k = 0; k < sizeof words / sizeof words[0]; k++)
        for (size_t i = 0; i < v->n; i++)
            if (v->things[i].asked && str_is(v->things[i].asked->strength, words[k]))
                return str_z(words[k]);
    return S("password");
}

static enum outcome json(struct http_request *r, const struct sign_several_view *v, struct err *e)
{
    struct sign_several_row *rows = ARENA_ARRAY(r->arena, v->n + 1, struct sign_several_row);
    if (!rows)
        return err_no_memory(e);
    for (size_t i = 0; i < v->n; i++) {
        const struct sign_several_thing *x = &v->things[i];
        rows[i] = (struct sign_several_row){ .thing = x->body, .id = x->id };
        rows[i].outcome = x->is_signed               ? S("signed")
                          : x->refused.outcome != OK ? S("refused")
                          : v->done                  ? S("left")
                                                     : S("asked");
        if (x->refused.outcome != OK)
            rows[i].code = str_z(x->refused.code);
        if (x->asked) {
            rows[i].shown = x->asked->shown;
            rows[i].strength = x->asked->strength;
            rows[i].content = x->asked->content;
        }
    }
    return show_rows(r, &sign_several_row_record, rows, v->n, (struct str){ 0 }, e);
}

static enum outcome page(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct sign_several_view *v = r->pending;
    const struct sign_view *view = sign_view_of(r, v->command);
    v->both = sign_both(app_of(r)->auth, auth_of(r));
    v->next = app_next(str_is(r->method, "GET") ? http_query(r, "_next") : http_form(r, "_next"));
    v->refused = show_refusal(p, r);
    if (http_wants_json(r))
        return json(r, v, e);
    TRY(sign_ways_read(&v->ways, r, db, strongest(v), e));
    v->ways.token = false; /* answers for one alone */
    for (size_t i = 0; i < v->n; i++) {
        struct sign_several_thing *x = &v->things[i];
        if (x->refused.outcome != OK)
            x->why = show_error(p, r, &x->refused);
        if (!x->asked)
            continue;
        x->words = sign_words(p, x->asked->what.p);
        TRY(view->show(&x->shown, p, r, db, x->asked, e));
    }
    page_sign_several(p, v);
    return OK;
}

static enum http_state shown(struct http_request *r, struct sign_several_view *v,
                             const struct err *refused)
{
    r->pending = v;
    if (!refused)
        return show(r, "page.several.title", page);
    r->answer = (struct http_answer){ .status = http_status(refused) };
    return show_again(r, "page.several.title", page, refused);
}

static enum http_state get(struct http_request *r)
{
    struct err e = { 0 };
    struct sign_several_view *v;
    const struct sign_view *view;
    enum outcome o = begin(&v, &view, r, &e);
    if (o == OK)
        o = things_asked(v, r, view, &e);
    for (size_t i = 0; o == OK && i < v->n; i++)
        o = ask(v, &v->things[i], r, &e);
    return o == OK ? shown(r, v, NULL) : app_problem(r, &e);
}

enum http_state sign_get_several(struct http_request *r)
{
    return auth_later(r, get);
}

/* --- signed --- */

/* One proof; each signature is bound to its own command and to what was shown of that. */
static enum outcome prove(struct sign_several_view *v, struct http_request *r,
                          struct sign_given *given, struct err *e)
{
    struct sign_proof proof = {
        .name = v->command,
        .login = http_form(r, "_login"),
        .password = http_form(r, "_password"),
        .code = str_trim(http_form(r, "_code")),
        .peer = http_peer(r),
    };
    const struct sign_given *first = NULL;
    for (size_t i = 0; i < v->n; i++) {
        if (!v->things[i].marked)
            continue;
        proof.command = v->things[i].id;
        proof.shown = numbered(r, "shown", i);
        if (!first)
            TRY(sign_prove(&given[i], app_of(r)->auth, auth_of(r), &proof, r->arena, e));
        else
            TRY(sign_prove_also(&given[i], first, proof.command, proof.shown, app_of(r)->node->keys,
                                e));
        first = &given[i];
    }
    return first ? OK : REFUSE(e, "sign.nothing_marked");
}

static enum outcome sign(struct sign_several_view *v, struct http_request *r, struct err *e)
{
    struct sign_given *given = ARENA_ARRAY(r->arena, SIGN_SEVERAL_MAX, struct sign_given);
    if (!given)
        return err_no_memory(e);
    TRY(prove(v, r, given, e));
    TRY(app_still(r, e)); /* the commands below act by the rights of now */
    for (size_t i = 0; i < v->n; i++) {
        struct sign_several_thing *x = &v->things[i];
        struct gate_answer answer = { 0 };
        struct gate_command c = command_of(r, v, x);
        c.signature = &given[i];
        if (x->marked)
            x->is_signed = gate_send(app_of(r)->node->gate, &c, &answer, &x->refused) == OK;
    }
    v->done = true;
    return OK;
}

/* What was not signed is shown as it stands now, to be marked anew. */
static enum http_state post(struct http_request *r)
{
    struct err e = { 0 }, refused = { 0 };
    struct sign_several_view *v;
    const struct sign_view *view;
    enum outcome o = begin(&v, &view, r, &e);
    if (o == OK)
        o = things_sent(v, r, &e);
    if (o == OK)
        o = sign(v, r, &refused);
    if (o == FAULT && refused.outcome == FAULT)
        e = refused;
    if (refused.outcome == REFUSED && !http_wants_json(r)) {
        o = OK;
        for (size_t i = 0; o == OK && i < v->n; i++)
            o = ask(v, &v->things[i], r, &e);
        return o == OK ? shown(r, v, &refused) : app_problem(r, &e);
    }
    if (o != OK)
        return app_problem(r, refused.outcome != OK ? &refused : &e);
    return shown(r, v, NULL);
}

enum http_state sign_post_several(struct http_request *r)
{
    return auth_later(r, post);
}
