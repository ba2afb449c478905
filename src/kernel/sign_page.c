/* A command is signed in two steps. The first asks the gate what the command would sign, and shows
 * that with its hash; the second sends the command with hash and proof. Where anything is refused,
 * the first is taken again: what is shown is always what stands now. */
#include "kernel/sign_pages.h"

#include "base/id.h"
#include "gen/kernel/auth.sql.h"

#include "gen/kernel/pages/sign.html.h"

struct str sign_words_of(struct page *p, struct str meaning, struct str words)
{
    return words.p ? words_say(p, words) : show_name(p, "meaning", meaning);
}

struct str sign_words(struct page *p, const struct sign_shown *what)
{
    return sign_words_of(p, what->meaning, what->words);
}

const struct sign_view *sign_view_of(const struct http_request *r, struct str command)
{
    size_t n;
    const struct module *const *modules = registry_modules(app_of(r)->node->registry, &n);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < modules[i]->nsigns; k++)
            if (str_is(command, modules[i]->signs[k].command))
                return &modules[i]->signs[k];
    return NULL;
}

/* The body's fields as they came; the page's own begin with "_". */
static enum outcome body_pairs(struct sign_page_view *v, struct http_request *r, struct err *e)
{
    struct record_pair *out = ARENA_ARRAY(r->arena, r->nform + 1, struct record_pair);
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < r->nform; i++)
        if (!str_starts(r->form[i].name, S("_")))
            out[v->npairs++] = r->form[i];
    v->pairs = out;
    return OK;
}

/* What the signer has to prove with beside the password. */
enum outcome sign_ways_read(struct sign_ways *out, struct http_request *r, struct db *db,
                            struct str needed, struct err *e)
{
    struct record_list list;
    const struct auth_credentials_in in = { show_actor(r)->account };
    TRY(db_list(db, &sql_auth_credentials, &in, &list, AUTH_CREDENTIALS_MAX, r->arena, e));
    const struct auth_credentials_out *rows = list.p;
    for (size_t i = 0; i < list.n; i++) {
        out->token |= str_is(rows[i].kind, "token");
        out->code |= str_is(rows[i].kind, "code") || str_is(rows[i].kind, "recovery");
    }
    out->code_needed = str_is(needed, "code");
    out->token_needed = str_is(needed, "token");
    out->typed = !out->token_needed && (out->code || !out->code_needed);
    return OK;
}

static enum outcome page(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct sign_asked *asked = r->pending;
    const struct sign_shown *what = asked->what.p;
    const struct sign_view *view = sign_view_of(r, what->command);
    const struct command_type *type = registry_command(app_of(r)->node->registry, what->command);
    asked->both = sign_both(app_of(r)->auth, auth_of(r));
    asked->signer = auth_of(r)->person;
    if (http_wants_json(r))
        return show_row(r, &sign_asked_record, asked, e);
    if (!view)
        return err_fault(e, "sign.no_view", "%.*s", STR(what->command));
    struct sign_page_view v = {
        .command = what->command,
        .asked = asked,
        .words = sign_words(p, what),
        .next = app_next(http_form(r, "_next")),
        .reason = show_entered(r, "_reason"),
        .needs_reason = type->flags & COMMAND_NEEDS_REASON,
        .refused = show_refusal(p, r),
    };
    TRY(body_pairs(&v, r, e));
    TRY(sign_ways_read(&v.ways, r, db, asked->strength, e));
    TRY(view->show(&v.shown, p, r, db, asked, e));
    page_sign(p, &v);
    return OK;
}

enum outcome sign_asked_read(struct sign_asked **out, struct str body, struct arena *arena,
                             struct err *e)
{
    const struct json *json;
    struct json_limits limits = json_limits_default;
    limits.bytes = 2 * SIGN_CONTENT_MAX;
    *out = ARENA_NEW(arena, struct sign_asked);
    if (!*out)
        return err_no_memory(e);
    TRY(json_read(&json, arena, body, &limits, e));
    return record_from_json(&sign_asked_record, *out, arena, json, e);
}

static enum http_state asked(struct http_request *r, const struct gate_answer *answer)
{
    struct err e = { 0 };
    struct sign_asked *asked;
    if (sign_asked_read(&asked, answer->body, r->arena, &e) != OK)
        return app_problem(r, &e);
    r->pending = asked;
    return show(r, "page.sign.title", page);
}

/* Of any id: nothing comes of it, and the form that is shown has its own. */
static enum http_state ask(struct http_request *r)
{
    const struct id id = id_new(app_of(r)->node->env);
    return app_command(r, &(struct app_command){
                              .name = http_param(r, "command"),
                              .id = arena_str(r->arena, id_str(&id)),
                              .done = asked,
                              .asks = true,
                          });
}

enum http_state sign_get(struct http_request *r)
{
    r->form = r->query;
    r->nform = r->nquery;
    return ask(r);
}

/* The page again, with what was refused and what stands now. */
static enum http_state again(struct http_request *r, const struct err *e)
{
    struct err *kept = ARENA_NEW(r->arena, struct err);
    if (!kept)
        return app_problem(r, e);
    *kept = *e;
    r->refused = kept;
    return ask(r);
}

/* With the hash of what was shown it is to be signed. */
static bool to_sign(const struct http_request *r)
{
    const struct json *object;
    struct err e = { 0 };
    if (!str_is(r->media_type, "application/json"))
        return http_form(r, "_shown").p != NULL;
    struct json_limits limits = json_limits_default;
    limits.bytes = SIGN_FORM_MAX;
    return json_read(&object, r->arena, r->body, &limits, &e) != OK || json_get(object, "_shown");
}

enum http_state sign_post(struct http_request *r)
{
    if (!to_sign(r))
        return ask(r);
    return app_command(r, &(struct app_command){
                              .name = http_param(r, "command"),
                              .refused = again,
                          });
}

/* Of one command, which comes with the answer. */
enum http_state sign_post_token(struct http_request *r)
{
    struct auth *a = app_of(r)->auth;
    struct err e = { 0 };
    struct sign_token_ask ask;
    if (sign_token_ask(&ask, a, auth_of(r), http_form(r, "_id"), http_form(r, "_shown"), r->arena,
                       &e) != OK)
        return app_problem(r, &e);
    ask.party = auth_party(a, r).id;
    if (show_row(r, &sign_token_ask_record, &ask, &e) != OK)
        return app_problem(r, &e);
    return HTTP_DONE;
}
