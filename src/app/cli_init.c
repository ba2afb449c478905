/* vein init: makes a database, and with --admin an organisation with its first administrator, which
 * no person could make because nobody has the right to yet. Said again with another name, it makes
 * another organisation in the same database. Everything goes through the gate, as an act of the
 * program itself; the definitions that ship are loaded, for an administrator's role is one. */
#include <stdio.h>

#include <sodium.h>

#include "app/cli.h"
#include "app/sender.h"
#include "app/shipped.h"
#include "app/spread.h"
#include "base/id.h"
#include "base/log.h"
#include "kernel/auth.h"

enum { INIT_ARENA_MAX = 4 << 20, PASSWORD_LETTERS = 20 };

struct init {
    struct node node;
    struct auth *auth;
    struct sender sender;
    struct id seed; /* of its commands' ids: by chance */
    struct arena *arena;
    struct actor actor; /* the program itself, for the organisation that is made */
    struct str login;
    struct str organisation_name;
    struct id organisation; /* the same for the same name */
    struct id site;
    struct str account;
    char password[PASSWORD_LETTERS + 1];
};

static enum outcome init_send(struct init *i, const struct command_type *type, const void *body,
                              struct str *made, struct err *e)
{
    struct str answer;
    const struct json *json;
    TRY(sender_send_record(&i->sender, &i->actor, type->name, type->body, body, &answer, e));
    if (made && json_read(&json, i->arena, answer, &json_limits_default, e) == OK)
        *made = arena_str(i->arena, json_get_str(json, "id"));
    return e->outcome;
}

/* Letters that can be read aloud; as long as a password of chance should be. */
static void make_password(struct init *i)
{
    struct id seed = id_new(i->node.env);
    uint8_t random[32];
    char text[2 * sizeof random + 1];
    env_random(i->node.env, random, sizeof random);
    sodium_bin2hex(text, sizeof text, random, sizeof random);
    id_code(i->password, PASSWORD_LETTERS, str_z(text), id_str(&seed));
    sodium_memzero(random, sizeof random);
    sodium_memzero(text, sizeof text);
}

static enum outcome make_place(struct init *i, struct err *e)
{
    struct auth_make_organisation organisation = {
        .organisation = id_str(&i->organisation),
        .name = i->organisation_name,
        .kind = S("sponsor"),
    };
    struct auth_make_site site = {
        .site = id_str(&i->site),
        .organisation = id_str(&i->organisation),
        .name = i->organisation_name,
        .kind = S("office"),
        .zone = S("UTC"),
    };
    TRY(init_send(i, &auth_make_organisation_command, &organisation, NULL, e));
    return init_send(i, &auth_make_site_command, &site, NULL, e);
}

/* The right is for the organisation and all its sites. */
static enum outcome make_administrator(struct init *i, struct err *e)
{
    struct auth_make_account account = {
        .organisation = id_str(&i->organisation),
        .login = i->login,
        .name = i->login,
    };
    make_password(i);
    TRY(auth_password_hash(i->auth, &account.password, str_z(i->password), i->arena, e));
    TRY(init_send(i, &auth_make_account_command, &account, &i->account, e));
    struct auth_give_role role = {
        .account = i->account,
        .role = S("administrator"),
        .organisation = id_str(&i->organisation),
        .from = TIME_NONE,
        .until = TIME_NONE,
    };
    i->sender.reason = "set up";
    return init_send(i, &auth_give_role_command, &role, NULL, e);
}

static enum outcome make_all(struct init *i, struct err *e)
{
    size_t changed;
    struct auth_options auth = { .node = &i->node };
    i->organisation = id_derive(i->node.vkey, i->organisation_name, 0);
    i->site = id_derive(id_str(&i->organisation), S("site"), 0);
    i->actor = (struct actor){
        .name = S("system/init"),
        .organisation = id_str(&i->organisation),
        .system = true,
    };
    i->arena = arena_new(INIT_ARENA_MAX);
    i->seed = id_new(i->node.env);
    i->sender = (struct sender){
        .node = &i->node,
        .arena = arena_new(INIT_ARENA_MAX),
        .seed = id_str(&i->seed),
    };
    if (!i->arena || !i->sender.arena)
        return err_no_memory(e);
    TRY(auth_open(&i->auth, &auth, e));
    TRY(make_place(i, e));
    TRY(shipped_load(&i->node, i->actor.organisation, &changed, e));
    return make_administrator(i, e);
}

/* What an upgrade built anew since is spread as well when this is called again. */
static bool distribute(struct node *n, int *code)
{
    size_t nrows, changed;
    struct err e = { 0 };
    const struct store_spread *rows = spread_rows(&nrows);
    if (node_spread(n, rows, nrows, &changed, &e) != OK) {
        *code = cli_error(&e);
        return false;
    }
    printf("distributed %zu tables, %zu of them now\n", nrows, changed);
    return true;
}

int cli_init(int argc, char **argv)
{
    bool distributed = false;
    const char *db = NULL;
    const char *admin = NULL;
    const char *organisation = "Administration";
    const struct cli_option options[] = {
        { "db", CLI_TEXT, &db, true },
        { "admin", CLI_TEXT, &admin, false },
        { "organisation", CLI_TEXT, &organisation, false },
        { "distributed", CLI_FLAG, &distributed, false },
    };
    int code;
    struct init i = { 0 };
    struct err e = { 0 };
    if (!cli_read(argc, argv, options, 4, NULL, 0, &code))
        return code;
    log_set_level(LOG_WARNING);
    if (distributed && store_can_spread(db, &e) != OK)
        return cli_error(&e);
    if (!cli_node_open(&i.node, db, true, false, &code))
        return code;
    if (distributed && !distribute(&i.node, &code)) {
        node_close(&i.node);
        return code;
    }
    printf("%.*s\n", STR(i.node.vkey));
    if (admin) {
        i.login = str_z(admin);
        i.organisation_name = str_z(organisation);
        if (make_all(&i, &e) == OK)
            printf("organisation %s\nsite %s\naccount %.*s\npassword %s\n", i.organisation.text,
                   i.site.text, STR(i.account), i.password);
    }
    auth_close(i.auth);
    node_close(&i.node);
    arena_free(i.sender.arena);
    arena_free(i.arena);
    return e.outcome == OK ? CLI_DONE : cli_error(&e);
}
