/* Foreign equals unknown, on every route: whoever has whatever role elsewhere gets for a real thing
 * of others, to the byte, what they get for one that does not exist, and that is 403 or 404. The
 * routes are those of the program: a new one is asked by being there, and one whose path names a
 * thing that this test does not know fails it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "app/tests/foreign_serve.h"
#include "gen/quality/queries.sql.h"
#include "kernel/file_impl.h"

enum {
    SESSIONS_MAX = 80,
    ROUTES_MIN = 25,
    ANSWER_MAX = 1 << 20,
    PATH_BYTES = 400,
};

/* Things of others by the name of a path's part; others of it are no secret of anyone. */
struct thing {
    const char *name;
    char id[48];
};
static struct thing things[] = { { "order", "" },     { "unit", "" },    { "patient", "" },
                                 { "deviation", "" }, { "file", "" },    { "upload", "" },
                                 { "emergency", "" }, { "account", "" }, { "subject", "" },
                                 { "id", "" },        { "draft", "" },   { "export", "" },
                                 { "site", "" } };
enum { THINGS = sizeof things / sizeof things[0] };
static const char *const open_to_all[] = { "kind", "name", "version", "slug", "rest*", "series" };

static struct foreign_session sessions[SESSIONS_MAX];
static size_t nsessions;
static char answers[2][ANSWER_MAX];
static size_t asked;

static struct thing *thing_find(struct str name)
{
    for (size_t i = 0; i < THINGS; i++)
        if (str_is(name, things[i].name))
            return &things[i];
    return NULL;
}

static void thing_set(const char *name, struct str id)
{
    struct thing *x = thing_find(str_z(name));
    assert_true(id.n > 0 && id.n < sizeof x->id);
    snprintf(x->id, sizeof x->id, "%.*s", STR(id));
}

static const struct actor *someone_at(const char *role, const char *organisation)
{
    const struct network *n = &foreign.network;
    for (size_t i = 0; i < n->npeople; i++)
        if (str_is(n->people[i].actor.organisation, organisation) &&
            strcmp(n->people[i].role, role) == 0)
            return &n->people[i].actor;
    return NULL;
}

/* What is answered by a command that makes it. */
static void thing_made(const char *name, const char *member, struct str answer)
{
    struct err e = { 0 };
    const struct json *json;
    assert_int_equal(json_read(&json, foreign.arena, answer, &json_limits_default, &e), OK);
    thing_set(name, json_get_str(json, member));
}

/* A draft and an export of the trail, of who made the order's product. */
static void drafted_and_exported(void)
{
    const struct actor *quality = NULL;
    const struct network *n = &foreign.network;
    for (size_t i = 0; i < n->nsites && !quality; i++)
        if (i + 1 != n->nsites)
            quality = someone_at("quality_manager", n->sites[i].organisation_id.text);
    assert_non_null(quality);
    thing_made("draft", "draft",
               foreign_give(quality, "define.draft",
                            "{'yaml':'kind: role\\nname: drafted\\nversion: 1\\ntitle: A role\\n"
                            "effective: 2026-01-01T00:00:00Z\\npermissions: [unit.see]\\n'}"));
    thing_made("export", "export",
               foreign_give(quality, "trail.export", "{'format':'csv','type':'define.drafted'}"));
}

/* A deviation, a file, an upload under way and an emergency of the order's hospital. */
static void more_things(void)
{
    struct err e = { 0 };
    const struct actor *someone = NULL;
    const struct network *n = &foreign.network;
    const char *const organisation = foreign.known[4].id;
    for (size_t i = 0; i < n->npeople && !someone; i++)
        if (str_is(n->people[i].actor.site, foreign.known[5].id) &&
            strcmp(n->people[i].role, "ward_nurse") == 0)
            someone = &n->people[i].actor;
    assert_non_null(someone);
    thing_set("file", foreign_file(foreign.known[0].id, foreign.known[2].id));
    struct file_upload upload = { .kind = S("order"),
                                  .belongs = str_z(foreign.known[0].id),
                                  .subject = str_z(foreign.known[2].id),
                                  .account = someone->account,
                                  .name = S("secret.txt"),
                                  .size = 5 };
    assert_int_equal(file_begin(foreign.node.files, &upload, &e), OK);
    thing_set("upload", str_z(upload.id.text));
    foreign_give(someone, "emergency.take", "{'role':'pharmacist','site':'%s','minutes':200}",
                 foreign.known[5].id);
    struct db *db;
    struct record_list list;
    assert_int_equal(store_reader_take(&db, foreign.node.store, &e), OK);
    const struct auth_emergency_list_in emergencies = { str_z(organisation), { 0 } };
    assert_int_equal(
        db_list(db, &sql_auth_emergency_list, &emergencies, &list, 200, foreign.arena, &e), OK);
    assert_true(list.n > 0);
    thing_set("emergency", ((const struct auth_emergency_list_out *)list.p)->emergency);
    foreign_give(someone, "deviation.open",
                 "{'order':'%s','kind':'other','risk':'minor','description':'x'}",
                 foreign.known[0].id);
    const struct quality_of_order_in of = { str_z(foreign.known[0].id) };
    assert_int_equal(db_list(db, &sql_quality_of_order, &of, &list, 200, foreign.arena, &e), OK);
    assert_true(list.n > 0);
    thing_set("deviation", ((const struct quality_of_order_out *)list.p)->deviation);
    store_reader_give(foreign.node.store, db);
    for (size_t i = 0; i < 4; i++)
        thing_set(foreign.known[i].name, str_z(foreign.known[i].id));
    thing_set("subject", str_z(foreign.known[2].id));
    thing_set("id", str_z(foreign.known[0].id));
    thing_set("site", str_z(foreign.known[5].id));
    drafted_and_exported();
}

/* --- people of elsewhere --- */

static void person_of(struct str role, struct str organisation, struct str site, const char *where)
{
    static int n;
    const struct id account = id_derive(S("foreign"), S("person"), (uint64_t)++n);
    struct foreign_session *s = &sessions[nsessions++];
    assert_true(nsessions <= SESSIONS_MAX);
    foreign_give(
        &foreign_founder, "account.make",
        "{'account':'%s','organisation':'%.*s','login':'foreign%d','name':'Foreign Person %d'}",
        account.text, STR(organisation), n, n);
    foreign_give(&foreign_founder, "account.give_role",
                 "{'account':'%s','role':'%.*s','organisation':'%.*s','site':'%.*s'}", account.text,
                 STR(role), STR(organisation), STR(site));
    s->what = arena_printf(foreign.arena, "%.*s of %s", STR(role), where);
    s->cookie = arena_printf(foreign.arena, "%s %.*s %.*s", account.text, STR(organisation),
                             STR(site)); /* until signed in */
}

static void everyone_of(struct str organisation, struct str site, const char *where)
{
    struct err e = { 0 };
    struct db *db;
    const struct definition *roles;
    size_t n;
    assert_int_equal(store_reader_take(&db, foreign.node.store, &e), OK);
    assert_int_equal(
        define_effective(&roles, &n, db, S("role"), env_now(foreign.node.env), foreign.arena, &e),
        OK);
    store_reader_give(foreign.node.store, db);
    for (size_t i = 0; i < n; i++)
        person_of(roles[i].name, organisation, site, where);
}

static void sign_in_all(void)
{
    for (size_t i = 0; i < nsessions; i++) {
        struct str rest = sessions[i].cookie;
        const struct str account = str_cut(&rest, ' ');
        const struct str organisation = str_cut(&rest, ' ');
        foreign_sign_in(&sessions[i], account, organisation, rest);
    }
}

/* An organisation that takes part in nothing, with everyone there. */
static void elsewhere(uint64_t number, const char *kind, const char *site_kind, const char *what)
{
    const struct id organisation = id_derive(S("foreign"), S("organisation"), number);
    const struct id site = id_derive(S("foreign"), S("site"), number);
    foreign_give(&foreign_founder, "organisation.make",
                 "{'organisation':'%s','name':'Elsewhere %d','kind':'%s'}", organisation.text,
                 (int)number, kind);
    foreign_give(&foreign_founder, "site.make",
                 "{'site':'%s','organisation':'%s','name':'Elsewhere %d','kind':'%s','zone':'UTC'}",
                 site.text, organisation.text, (int)number, site_kind);
    everyone_of(id_str(&organisation), id_str(&site), what);
}

static int set_up(void **state)
{
    (void)state;
    foreign_open();
    more_things();
    elsewhere(0, "hospital", "treatment", "another hospital");
    elsewhere(1, "sponsor", "office", "another sponsor");
    foreign_serve();
    sign_in_all();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    foreign_serve_end();
    foreign_close();
    return 0;
}

/* --- asking --- */

/* The path with real things, or unknown ones, in its places; false where it names none. */
static bool path_of(char *out, const struct route *r, bool real, const char *command)
{
    struct str rest = str_z(r->path);
    struct buf b = buf_over(out, PATH_BYTES);
    bool names = false;
    while (rest.n > 0) {
        struct str part = str_cut(&rest, '/');
        if (part.n == 0)
            continue;
        buf_char(&b, '/');
        if (part.p[0] != '{') {
            buf_str(&b, part);
            continue;
        }
        const struct str name = { part.p + 1, part.n - 2 };
        const struct thing *x = thing_find(name);
        bool free = false;
        for (size_t i = 0; i < sizeof open_to_all / sizeof open_to_all[0]; i++)
            free |= str_is(name, open_to_all[i]);
        if (x)
            buf_z(&b, real ? x->id : FOREIGN_UNKNOWN);
        else if (str_is(name, "kind") && strstr(r->path, "{id}"))
            buf_z(&b, "order");
        else if (str_is(name, "task"))
            buf_z(&b, foreign.task);
        else if (str_is(name, "command"))
            buf_z(&b, command);
        else if (free)
            buf_z(&b, str_is(name, "series") ? "1" : "x");
        else
            fail_msg("%s: say here which real thing {%.*s} is", r->path, STR(name));
        names |= x != NULL;
    }
    assert_true(b.n < PATH_BYTES);
    out[b.n] = '\0';
    return names;
}

/* Ids are all alike in what is compared: the one asked for is said back. */
static void blot_ids(char *text)
{
    static const char hex[] = "0123456789abcdef";
    for (char *c = text; *c; c++) {
        size_t n = 0;
        while (n < ID_LENGTH && c[n] &&
               (n == 8 || n == 13 || n == 18 || n == 23 ? c[n] == '-' : strchr(hex, c[n]) != NULL))
            n++;
        if (n == ID_LENGTH)
            memset(c, '#', ID_LENGTH);
    }
}

static int ask(char *to, const struct foreign_session *s, const struct route *r, const char *path,
               const char *type)
{
    char body[300];
    const bool reads = strcmp(r->method, "GET") == 0;
    snprintf(body, sizeof body, "_csrf=%.*s&_id=0193a5c0-0000-7000-8000-%012zu&_reason=because",
             STR(s->csrf), ++asked);
    const struct str request = arena_printf(
        foreign.arena,
        "%s %s HTTP/1.1\r\nHost: x\r\nAccept: %s\r\nCookie: vein=%.*s\r\nX-CSRF-Token: %.*s\r\n"
        "%sContent-Length: %zu\r\n\r\n%s",
        r->method, path, type, STR(s->cookie), STR(s->csrf),
        reads ? "" : "Content-Type: application/x-www-form-urlencoded\r\n",
        reads ? (size_t)0 : strlen(body), reads ? "" : body);
    const int status = foreign_ask(request, to, ANSWER_MAX);
    char *date = strstr(to, "\nDate: ");
    for (char *c = date ? date + 1 : NULL; c && *c && *c != '\r'; c++)
        *c = '#';
    blot_ids(to);
    return status;
}

static size_t differ;

static void same(const struct foreign_session *s, const struct route *r, const char *type,
                 const char *command)
{
    char path[2][PATH_BYTES];
    int status[2];
    if (!path_of(path[1], r, true, command))
        return;
    (void)path_of(path[0], r, false, command);
    for (int i = 0; i < 2; i++)
        status[i] = ask(answers[i], s, r, path[i], type);
    const bool closed = status[0] == 403 || status[0] == 404;
    /* A form that is refused before anything is looked for says nothing of the thing. */
    const bool form = strcmp(r->method, "GET") != 0 && status[0] >= 400 && status[0] < 500;
    if ((closed || form) && status[0] == status[1] && strcmp(answers[0], answers[1]) == 0)
        return;
    if (differ++ < 10)
        printf("# %.*s, %s %s (%s): %d of a real thing, %d of none\n", STR(s->what), r->method,
               path[1], type, status[1], status[0]);
}

/* shows: OPS-05 every route × role × organisation × foreign thing: like a thing that is not there
 */
static void no_route_tells_what_exists(void **state)
{
    (void)state;
    static const char *const commands[] = { "flow.hold", "custody.offer", "unit.discard" };
    size_t n;
    size_t routes = 0;
    const struct module *const *modules = registry_modules(foreign.node.registry, &n);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < modules[i]->nroutes; k++) {
            const struct route *r = &modules[i]->routes[k];
            char path[PATH_BYTES];
            if (!path_of(path, r, true, "x"))
                continue;
            routes++;
            const bool acts = strstr(r->path, "{command}") != NULL;
            for (size_t p = 0; p < nsessions; p++) {
                same(&sessions[p], r, "text/html", commands[0]);
                if (strcmp(r->method, "GET") == 0)
                    same(&sessions[p], r, "application/json", commands[0]);
                for (size_t c = 1; acts && c < sizeof commands / sizeof commands[0]; c++)
                    same(&sessions[p], r, "application/json", commands[c]);
            }
        }
    printf("# %zu routes, %zu people, %zu requests\n", routes, nsessions, asked);
    if (differ > 0)
        fail_msg("%zu answers tell what exists", differ);
    assert_true(routes >= ROUTES_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(no_route_tells_what_exists) };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
