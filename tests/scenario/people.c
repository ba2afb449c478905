#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "base/buf.h"
#include "base/id.h"
#include "base/json.h"
#include "tests/scenario/people.h"

enum { BODY_MAX = 2 << 20 };

static const char password_of_all[] = "seven herons over the weir";

/* --- names --- */

void name_set(struct scenario *s, struct str name, struct str value)
{
    size_t i = 0;
    while (i < s->nnames && !str_is(name, s->names[i].name))
        i++;
    if (i == NAMES_MAX || name.n >= NAME_SIZE)
        scenario_fail("too many names, or too long");
    memcpy(s->names[i].name, name.p, name.n);
    s->names[i].name[name.n] = '\0';
    s->names[i].value = arena_str(s->arena, value);
    s->nnames += i == s->nnames;
}

struct str name_get(const struct scenario *s, struct str name)
{
    for (size_t i = 0; i < s->nnames; i++)
        if (str_is(name, s->names[i].name))
            return s->names[i].value;
    scenario_fail("nothing is called $%.*s", STR(name));
}

/* --- requests --- */

struct person *person_find(struct scenario *s, struct str name)
{
    for (size_t i = 0; i < s->npeople; i++)
        if (str_eq(s->people[i].name, name))
            return &s->people[i];
    scenario_fail("there is no person %.*s", STR(name));
}

void person_request(struct scenario *s, struct person *p, struct web_request *r, bool with_token,
                    struct web_answer *out)
{
    if (p && p->cookie.p)
        r->cookie = p->cookie.p;
    if (p && p->csrf.p && with_token && r->nheaders < HEADERS_MAX)
        r->headers[r->nheaders++] = arena_printf(s->arena, "X-CSRF-Token: %.*s", STR(p->csrf)).p;
    web_send(out, &s->server, r, s->arena);
}

static struct str between(struct scenario *s, struct str text, const char *before, char after)
{
    const char *at = strstr(arena_str(s->arena, text).p, before);
    if (!at)
        scenario_fail("the page has no %s: %.*s", before, STR(text));
    struct str rest = str_z(at + strlen(before));
    return str_cut(&rest, after);
}

static void form_put(struct buf *b, const char *name, struct str value)
{
    buf_printf(b, "%s%s=", b->n > 0 ? "&" : "", name);
    for (size_t i = 0; i < value.n; i++)
        buf_printf(b, "%%%02X", (unsigned char)value.p[i]);
}

static void post_form(struct scenario *s, struct person *p, const char *path, struct buf *form,
                      struct web_answer *out)
{
    struct web_request r = { .method = "POST", .path = path, .body = buf_get(form) };
    r.headers[r.nheaders++] = "Content-Type: application/x-www-form-urlencoded";
    r.headers[r.nheaders++] = "Accept: text/html";
    person_request(s, p, &r, true, out);
}

static void take_session(struct scenario *s, struct person *p, struct str cookie)
{
    struct web_answer page;
    struct web_request r = { .method = "GET", .path = "/site" };
    p->cookie = cookie;
    person_request(s, p, &r, false, &page);
    p->csrf = between(s, page.body, "name=\"_csrf\" value=\"", '"');
    p->csrf = arena_str(s->arena, p->csrf);
}

int person_sign_in(struct scenario *s, struct person *p, struct str password)
{
    struct web_answer answer;
    struct buf form = buf_in(s->arena, BODY_MAX);
    form_put(&form, "login", p->login);
    form_put(&form, "password", password.p ? password : p->password);
    p->cookie = p->csrf = (struct str){ 0 };
    post_form(s, p, "/sign-in", &form, &answer);
    if (answer.status == 303)
        take_session(s, p, answer.cookie);
    return answer.status;
}

static void sign_in_if_needed(struct scenario *s, struct person *p)
{
    if (p->cookie.p)
        return;
    int status = person_sign_in(s, p, (struct str){ 0 });
    if (status != 303)
        scenario_fail("%.*s could not sign in: %d", STR(p->name), status);
}

void person_sign_out(struct scenario *s, struct person *p)
{
    struct web_answer answer;
    struct buf form = buf_in(s->arena, BODY_MAX);
    form_put(&form, "_csrf", p->csrf);
    post_form(s, p, "/sign-out", &form, &answer);
    if (answer.status != 303)
        scenario_fail("%.*s could not sign out: %d", STR(p->name), answer.status);
}

void person_go_to(struct scenario *s, struct person *p, struct str site)
{
    struct web_answer answer;
    struct buf form = buf_in(s->arena, BODY_MAX);
    sign_in_if_needed(s, p);
    form_put(&form, "site", name_get(s, site));
    form_put(&form, "next", S("/"));
    post_form(s, p, "/site", &form, &answer);
    if (answer.status != 303 || !answer.cookie.p)
        scenario_fail("%.*s could not go there: %d", STR(p->name), answer.status);
    take_session(s, p, answer.cookie);
}

/* --- commands --- */

/* The body with the reason as its last member. */
static struct str body_with_reason(struct scenario *s, const struct order_sent *o)
{
    struct buf b = buf_in(s->arena, BODY_MAX);
    if (!o->reason.p || o->body.n < 2)
        return o->body;
    buf_put(&b, o->body.p, o->body.n - 1);
    if (o->body.n > 2)
        buf_char(&b, ',');
    buf_z(&b, "\"_reason\":");
    json_quote(&b, o->reason);
    buf_char(&b, '}');
    return buf_get(&b);
}

static void command_post(struct scenario *s, struct person *p, const struct sent *what,
                         struct web_answer *out)
{
    struct web_request r = { .method = "POST", .body = what->body };
    r.path = arena_printf(s->arena, "/commands/%.*s", STR(what->command)).p;
    r.headers[r.nheaders++] = "Content-Type: application/json";
    r.headers[r.nheaders++] = "Accept: application/json";
    r.headers[r.nheaders++] = arena_printf(s->arena, "Idempotency-Key: %.*s", STR(what->id)).p;
    person_request(s, p, &r, true, out);
}

static bool answers_code(const struct web_answer *a, const char *code)
{
    char text[80];
    snprintf(text, sizeof text, "\"code\":\"%s\"", code);
    struct str rest = a->body;
    while (rest.n > 0 && !str_starts(rest, str_z(text)))
        rest = str_from(rest, 1);
    return rest.n > 0;
}

/* The body's own members as a query. */
static struct str query_of(struct scenario *s, struct str body)
{
    const struct json *object;
    struct err e = { 0 };
    struct buf b = buf_in(s->arena, BODY_MAX);
    if (json_read(&object, s->arena, body, &json_limits_default, &e) != OK)
        scenario_fail("what is sent is no JSON");
    for (const struct json *m = object->child; m; m = m->next)
        if (!str_starts(m->key, S("_")))
            form_put(&b, arena_str(s->arena, m->key).p, m->type == JSON_STRING ? m->text : m->raw);
    return buf_get(&b);
}

/* What has to be signed is asked for, signed as it is shown, and sent again. */
static void command_sign(struct scenario *s, struct person *p, struct web_answer *out)
{
    struct web_request r = { .method = "GET" };
    struct err e = { 0 };
    const struct json *asked;
    r.path = arena_printf(s->arena, "/sign/%.*s?%.*s", STR(p->last.command),
                          STR(query_of(s, p->last.body)))
                 .p;
    r.headers[r.nheaders++] = "Accept: application/json";
    r.headers[r.nheaders++] = arena_printf(s->arena, "Idempotency-Key: %.*s", STR(p->last.id)).p;
    person_request(s, p, &r, false, out);
    if (out->status != 200)
        return;
    if (json_read(&asked, s->arena, out->body, &json_limits_default, &e) != OK)
        scenario_fail("what is signed is no JSON");
    p->last.body = arena_printf(
        s->arena, "%.*s,\"_shown\":\"%.*s\",\"_login\":\"%.*s\",\"_password\":\"%.*s\"}",
        (int)p->last.body.n - 1, p->last.body.p, STR(json_get_str(asked, "shown")), STR(p->login),
        STR(p->password));
    command_post(s, p, &p->last, out);
}

void person_send(struct scenario *s, struct person *p, const struct order_sent *o,
                 struct web_answer *out)
{
    struct id id = id_derive(str_z(s->server.folder), S("command"), s->nids++);
    sign_in_if_needed(s, p);
    p->last = (struct sent){
        .command = arena_str(s->arena, o->command),
        .id = arena_str(s->arena, o->id.p ? o->id : id_str(&id)),
        .body = arena_str(s->arena, body_with_reason(s, o)),
    };
    command_post(s, p, &p->last, out);
    if (answers_code(out, "sign.needed"))
        command_sign(s, p, out);
    p->last.answer = out->body;
}

void person_repeat(struct scenario *s, struct person *p)
{
    struct web_answer answer;
    int64_t before = scenario_at_rest();
    command_post(s, p, &p->last, &answer);
    if (answer.status != 200 || !str_eq(answer.body, p->last.answer))
        scenario_fail("said again: %d %.*s, not %.*s", answer.status, STR(answer.body),
                      STR(p->last.answer));
    if (server_events(&s->server) != before)
        scenario_fail("said again, it happened again");
}

void problem_check(struct scenario *s, const struct web_answer *a, int status, struct str code)
{
    struct err e = { 0 };
    const struct json *json = NULL;
    struct str body = arena_str(s->arena, a->body);
    if (a->status != status)
        scenario_fail("status %d, not %d: %.*s", a->status, status, STR(body));
    if (json_read(&json, s->arena, body, &json_limits_default, &e) != OK)
        scenario_fail("no problem in JSON: %.*s", STR(body));
    if (!str_eq(json_get_str(json, "code"), code))
        scenario_fail("refused by %.*s, not %.*s: %.*s", STR(json_get_str(json, "code")), STR(code),
                      STR(body));
    if (json_get_str(json, "detail").n < 10 || json_get_str(json, "hint").n < 10)
        scenario_fail("the refusal does not say why or what to do: %.*s", STR(body));
}

/* --- setting up --- */

static struct str send_for(struct scenario *s, struct person *admin, const char *command,
                           struct str body)
{
    struct web_answer answer;
    struct err e = { 0 };
    const struct json *json = NULL;
    const struct order_sent order = { .command = str_z(command),
                                      .body = body,
                                      .reason = S("set up") };
    person_send(s, admin, &order, &answer);
    if (answer.status != 200 ||
        json_read(&json, s->arena, answer.body, &json_limits_default, &e) != OK)
        scenario_fail("%s: %d %.*s", command, answer.status, STR(answer.body));
    return json_get_str(json, "id");
}

static struct person *person_add(struct scenario *s, struct str name, const char *password)
{
    if (s->npeople == PEOPLE_MAX)
        scenario_fail("too many people");
    struct person *p = &s->people[s->npeople++];
    p->name = p->login = arena_str(s->arena, name);
    p->password = arena_str(s->arena, str_z(password));
    return p;
}

void people_organisation(struct scenario *s, struct str name, struct str title)
{
    char out[1000];
    const char *const words[] = { "init",
                                  "--db",
                                  s->server.db,
                                  "--admin",
                                  arena_str(s->arena, name).p,
                                  "--organisation",
                                  arena_str(s->arena, title).p,
                                  NULL };
    if (s->server.pid > 0)
        server_stop(&s->server);
    int status = server_run(&s->server, words, out, sizeof out);
    if (status != 0)
        scenario_fail("vein init ended with %d: %s", status, out);
    struct str printed = str_z(out);
    name_set(s, name, between(s, printed, "organisation ", '\n'));
    struct str password = arena_str(s->arena, between(s, printed, "password ", '\n'));
    person_add(s, name, password.p);
    server_start(&s->server);
}

void people_site(struct scenario *s, struct str name, struct str organisation, struct str title)
{
    struct buf b = buf_in(s->arena, BODY_MAX);
    buf_printf(&b, "{\"organisation\":\"%.*s\",\"name\":\"%.*s\",\"kind\":\"site\",",
               STR(name_get(s, organisation)), STR(title));
    buf_z(&b, "\"zone\":\"Europe/Berlin\"}");
    name_set(s, name, send_for(s, person_find(s, organisation), "site.make", buf_get(&b)));
    struct str key = arena_printf(s->arena, "%.*s.organisation", STR(name));
    name_set(s, key, organisation);
}

/* The hash is made here, as cheaply as the server takes it: passwords are not what is tested. */
static struct str cheap_hash(struct scenario *s)
{
    char hash[crypto_pwhash_STRBYTES];
    if (crypto_pwhash_str(hash, password_of_all, strlen(password_of_all),
                          crypto_pwhash_OPSLIMIT_MIN, crypto_pwhash_MEMLIMIT_MIN) != 0)
        scenario_fail("could not hash the password");
    return arena_str(s->arena, str_z(hash));
}

void people_role(struct scenario *s, struct str name, struct str role, struct str site)
{
    struct str key = arena_printf(s->arena, "%.*s.organisation", STR(site));
    struct str organisation = name_get(s, key);
    struct person *admin = person_find(s, organisation);
    bool known = false;
    for (size_t i = 0; i < s->npeople; i++)
        known |= str_eq(s->people[i].name, name);
    if (!known) {
        struct str hash = cheap_hash(s);
        struct str body =
            arena_printf(s->arena,
                         "{\"organisation\":\"%.*s\",\"login\":\"%.*s\",\"name\":\"%.*s\","
                         "\"password\":\"%.*s\"}",
                         STR(name_get(s, organisation)), STR(name), STR(name), STR(hash));
        name_set(s, name, send_for(s, admin, "account.make", body));
        (void)send_for(s, admin, "account.sanction",
                       arena_printf(s->arena,
                                    "{\"account\":\"%.*s\",\"how\":\"identity_card\","
                                    "\"checked\":\"2026-01-01T00:00:00Z\"}",
                                    STR(name_get(s, name))));
        person_add(s, name, password_of_all);
    }
    struct str give = arena_printf(
        s->arena,
        "{\"account\":\"%.*s\",\"role\":\"%.*s\",\"organisation\":\"%.*s\",\"site\":\"%.*s\"}",
        STR(name_get(s, name)), STR(role), STR(name_get(s, organisation)), STR(name_get(s, site)));
    (void)send_for(s, admin, "account.give_role", give);
}
