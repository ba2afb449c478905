/* Wiring of auth, and what pages ask of it. */
#include "gen/kernel/auth_schema.sql.h"
#include "kernel/auth_impl.h"
#include "kernel/auth_pages.h"
#include "kernel/openid.h"
#include "kernel/trail.h"

#include <stdlib.h>

#define EVENTS   "kernel/auth_events.def"
#define COMMANDS "kernel/auth_commands.def"
#include "kernel/wire.h"
#define RECORDS "kernel/role.def"
#include "base/record_tables.h"
#undef RECORDS

enum { NAME_END = 8 }; /* of an id that has no name */

#define RECORDS "kernel/auth_place.def"
#include "base/record_tables.h"
#undef RECORDS

static const struct route module_routes[] = {
    ROUTE("GET", "/sign-in", "public", 0, auth_get_sign_in, "help.sign_in", .query = "next set"),
    ROUTE("POST", "/sign-in", "public", AUTH_PROOF_MAX, auth_post_sign_in, "help.sign_in_post"),
    ROUTE("POST", "/sign-out", "locked", AUTH_FORM_MAX, auth_post_sign_out, "help.sign_out"),
    ROUTE("GET", "/set-up", "public", 0, auth_get_setup, "help.set_up"),
    ROUTE("POST", "/set-up", "public", AUTH_FORM_MAX, auth_post_setup, "help.set_up_post"),
    ROUTE("GET", "/locked", "locked", 0, auth_get_locked, "help.locked", .query = "next"),
    ROUTE("POST", "/lock", "locked", AUTH_FORM_MAX, auth_post_lock, "help.lock"),
    ROUTE("POST", "/unlock", "locked", AUTH_KEPT_MAX, auth_post_unlock, "help.unlock"),
    ROUTE("POST", "/switch", "locked", AUTH_PROOF_MAX, auth_post_switch, "help.switch"),
    ROUTE("POST", "/here", "signed_in", AUTH_FORM_MAX, auth_post_here, "help.here"),
    ROUTE("GET", "/site", "signed_in", 0, auth_get_site, "help.site",
          .rows = &auth_sites_out_record),
    ROUTE("POST", "/site", "signed_in", AUTH_FORM_MAX, auth_post_site, "help.site_post"),
    ROUTE("GET", "/sites", "site.describe", 0, auth_get_sites, "help.sites",
          .rows = &auth_described_out_record),
    ROUTE("POST", "/sites", "site.make", AUTH_FORM_MAX, auth_post_sites, "command.site.make"),
    ROUTE("GET", "/sites/{site}", "site.describe", 0, auth_get_site_of, "help.site_of",
          .row = &auth_site_out_record),
    ROUTE("POST", "/sites/{site}", "site.describe", AUTH_FORM_MAX, auth_post_site_of,
          "command.site.describe"),
    ROUTE("GET", "/password", "signed_in", 0, auth_get_password, "help.password"),
    ROUTE("POST", "/password", "signed_in", AUTH_FORM_MAX, auth_post_password,
          "help.password_post"),
    ROUTE("GET", "/account", "signed_in", 0, auth_get_account, "help.account"),
    ROUTE("POST", "/account/code", "signed_in", AUTH_FORM_MAX, auth_post_code, "help.account_code"),
    ROUTE("POST", "/account/code/confirm", "signed_in", AUTH_FORM_MAX, auth_post_code_confirm,
          "help.account_code_confirm"),
    ROUTE("POST", "/account/token", "signed_in", AUTH_PROOF_MAX, auth_post_token,
          "help.account_token"),
    ROUTE("POST", "/account/recovery", "signed_in", AUTH_FORM_MAX, auth_post_recovery,
          "help.account_recovery"),
    ROUTE("POST", "/account/badge", "signed_in", AUTH_FORM_MAX, auth_post_badge,
          "help.account_badge"),
    ROUTE("POST", "/account/revoke", "signed_in", AUTH_FORM_MAX, auth_post_revoke,
          "help.account_revoke"),
    ROUTE("POST", "/account/end", "signed_in", AUTH_FORM_MAX, auth_post_end, "help.account_end"),
    ROUTE("GET", "/wall", "public", 0, auth_get_wall, "help.wall"),
    ROUTE("POST", "/wall", "public", AUTH_FORM_MAX, auth_post_wall, "help.wall_post"),
    ROUTE("GET", "/accounts", "account.see", 0, auth_get_people, "help.accounts",
          .query = "sort of before"),
    ROUTE("POST", "/accounts", "account.make", AUTH_FORM_MAX, auth_post_people,
          "command.account.make"),
    ROUTE("GET", "/accounts/{account}/access", "account.see", 0, auth_get_access,
          "help.account_access"),
    ROUTE("POST", "/accounts/{account}/setup", "account.issue_setup", AUTH_FORM_MAX,
          auth_post_issue, "command.account.issue_setup"),
    ROUTE("POST", "/accounts/{account}/keys", "key.issue", AUTH_KEY_FORM_MAX, auth_post_key,
          "help.account_keys"),
    ROUTE("GET", "/openid/start", "public", 0, openid_get_start, "help.openid_start",
          .query = "next"),
    ROUTE("GET", "/openid/back", "public", 0, openid_get_back, "help.openid_back",
          .query = "code state error iss"),
    ROUTE("POST", "/account/identity", "signed_in", AUTH_FORM_MAX, openid_post_link,
          "help.account_identity"),
    ROUTE("GET", "/account/identity", "signed_in", 0, openid_get_link, "help.account_identity_get"),
    ROUTE("POST", "/account/identity/confirm", "signed_in", AUTH_FORM_MAX, openid_post_confirm,
          "help.account_identity_confirm"),
    ROUTE("POST", "/accounts/{account}/identity", "identity.link", AUTH_FORM_MAX,
          openid_post_link_other, "command.identity.link"),
    ROUTE("POST", "/commands/{name}", "signed_in", GATE_BODY_MAX, app_command_route, "help.command",
          .program = true),
};

static const struct trail_before module_befores[] = {
    { "site.described", "site.described", NULL, NULL, .whole = true },
};

static const struct define_kind *const module_kinds[] = { &role_kind };

/* --- what its things are called --- */

static enum outcome account_called(struct str *out, struct db *db, struct str id,
                                   struct arena *arena, struct err *e)
{
    (void)e;
    *out = auth_account_name(db, id, arena);
    return OK;
}

/* By whose it is: "Session of Mara Ellwood". */
static enum outcome session_called(struct str *out, struct db *db, struct str id,
                                   struct arena *arena, struct err *e)
{
    const struct auth_session_in in = { id };
    struct auth_session_out row;
    bool found;
    TRY(db_get(db, &sql_auth_session, &in, &row, arena, &found, e));
    if (found)
        *out = auth_account_name(db, row.account, arena);
    return OK;
}

static enum outcome site_called(struct str *out, struct db *db, struct str id, struct arena *arena,
                                struct err *e)
{
    (void)e;
    *out = auth_site_name(db, id, arena);
    return OK;
}

static const struct thing_name module_names[] = {
    { "account", account_called },
    { "session", session_called },
    { "site", site_called },
};

const struct module auth_module = {
    .name = "auth",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    MODULE_ARRAY(kinds),
    MODULE_ARRAY(routes),
    MODULE_ARRAY(names),
    MODULE_ARRAY(befores),
    .policies = auth_policies,
    .npolicies = AUTH_POLICIES,
    .schema = &auth_schema,
    .searches = auth_searches,
    .nsearches = AUTH_SEARCHES,
};

/* "noun.verb": the name of a command or a view. */
static bool permission_well_formed(struct str name)
{
    size_t dots = 0;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
        if (c == '.')
            dots++;
        else if (!letter)
            return false;
    }
    return dots == 1 && name.n <= 80 && name.p[0] != '.' && name.p[name.n - 1] != '.';
}

static bool limit_sound(int64_t value, int64_t max)
{
    return value == INT_NONE || (value >= 1 && value <= max);
}

static enum outcome role_check(const struct define_context *context, const void *body,
                               struct err *e)
{
    const struct role *role = body;
    for (size_t i = 0; i < role->permissions.n; i++)
        if (!permission_well_formed(role->permissions.p[i])) {
            struct str at = arena_printf(context->arena, "permissions.%zu", i);
            return REFUSE(e, "auth.permission_malformed", { "at", at },
                          { "permission", role->permissions.p[i] });
        }
    if (role->sign_in.p && proof_strength_of(role->sign_in) == PROOF_NONE)
        return REFUSE(e, "auth.strength_unknown", { "strength", role->sign_in });
    if (!limit_sound(role->lock_minutes, AUTH_LOCK_MINUTES_MAX) ||
        !limit_sound(role->session_hours, AUTH_SESSION_HOURS_MAX) ||
        !limit_sound(role->emergency_minutes, AUTH_EMERGENCY_MINUTES_MAX))
        return REFUSE(e, "auth.limit_malformed");
    for (size_t i = 0; i < role->emergency.n; i++)
        if (!str_among(role->emergency.p[i], role->permissions.p, role->permissions.n))
            return REFUSE(e, "auth.lends_more",
                          { "at", arena_printf(context->arena, "emergency.%zu", i) },
                          { "permission", role->emergency.p[i] });
    return OK;
}

const struct define_kind role_kind = {
    .name = "role",
    .shape = &role_record,
    .check = role_check,
};

enum outcome auth_open(struct auth **out, const struct auth_options *options, struct err *e)
{
    struct auth *a = calloc(1, sizeof *a);
    if (!a)
        return err_no_memory(e);
    a->node = options->node;
    a->secure_cookie = options->secure_cookie;
    a->idle_us = options->idle_us ? options->idle_us : 30 * TIME_MINUTE;
    a->absolute_us = options->absolute_us ? options->absolute_us : 12 * TIME_HOUR;
    a->lock_us = options->lock_us ? options->lock_us : 10 * TIME_MINUTE;
    a->public_url = str_z(options->public_url);
    a->argon_bytes = (size_t)(options->argon_mib ? options->argon_mib : 64) << 20;
    a->start_us = env_mono(a->node->env);
    a->shares = node_shared(a->node);
    a->self = id_derive(a->node->vkey, S("node"), 0);
    pthread_mutex_init(&a->lock, NULL);
    BUG_ON(sem_init(&a->hashing, 0, AUTH_HASHING_MAX) != 0);
    auth_later_open(a);
    auth_password_dummy(a);
    *out = a;
    return OK;
}

void auth_close(struct auth *a)
{
    if (!a)
        return;
    auth_later_close(a); /* whose threads use the rest */
    auth_rights_free(a);
    sem_destroy(&a->hashing);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

/* --- names --- */

/* What is not found is still told apart by the end of its id. */
static struct str name_or_end(bool found, struct str name, struct str id)
{
    return found ? name : str_from(id, id.n > NAME_END ? id.n - NAME_END : 0);
}

struct str auth_account_name(struct db *db, struct str account, struct arena *arena)
{
    struct err e = { 0 };
    struct auth_account_in in = { account };
    struct auth_account_out row = { 0 };
    bool found = false;
    bool read = db_get(db, &sql_auth_account, &in, &row, arena, &found, &e) == OK;
    return name_or_end(read && found, row.name, account);
}

enum outcome auth_site_elsewhere(bool *out, struct db *db, struct str organisation, struct str site,
                                 struct arena *arena, struct err *e)
{
    struct auth_site_in in = { site };
    struct auth_site_out row;
    bool found;
    TRY(db_get(db, &sql_auth_site, &in, &row, arena, &found, e));
    *out = found && !str_eq(row.organisation, organisation);
    return OK;
}

struct str auth_site_name(struct db *db, struct str site, struct arena *arena)
{
    struct err e = { 0 };
    struct auth_site_in in = { site };
    struct auth_site_out row = { 0 };
    bool found = false;
    bool read = db_get(db, &sql_auth_site, &in, &row, arena, &found, &e) == OK;
    return name_or_end(read && found, row.name, site);
}

struct str auth_organisation_name(struct db *db, struct str organisation, struct arena *arena)
{
    struct err e = { 0 };
    struct auth_organisation_in in = { organisation };
    struct auth_organisation_out row = { 0 };
    bool found = false;
    bool read = db_get(db, &sql_auth_organisation, &in, &row, arena, &found, &e) == OK;
    return name_or_end(read && found, row.name, organisation);
}

enum outcome auth_access_page(struct record_list *list, struct str *next, struct db *db,
                              const struct auth_access_in *in, size_t max, struct arena *arena,
                              struct err *e)
{
    *next = (struct str){ 0 };
    BUG_ON(max <= AUTH_ROLES_MAX || max > AUTH_ACCESS_MAX);
    if (in->after.p && !id_valid(in->after))
        return REFUSE(e, "http.malformed_cursor", { "name", S("after") });
    struct auth_access_in asked = *in;
    asked.most = (int64_t)max + 1;
    TRY(db_list(db, &sql_auth_access, &asked, list, max + 1, arena, e));
    const struct auth_access_out *rows = list->p;
    if (list->n <= max)
        return OK;
    const struct str cut = rows[--list->n].account;
    while (list->n > 1 && str_eq(rows[list->n - 1].account, cut))
        list->n--;
    *next = rows[list->n - 1].account;
    return OK;
}

enum outcome auth_places(const struct auth_place **out, size_t *n, struct db *db,
                         struct str organisation, struct arena *arena, struct err *e)
{
    struct record_list list;
    const struct auth_all_sites_in in = { organisation };
    TRY(db_list(db, &sql_auth_all_sites, &in, &list, AUTH_SITES_MAX, arena, e));
    struct auth_place *places = ARENA_ARRAY(arena, list.n + 1, struct auth_place);
    const struct auth_all_sites_out *rows = list.p;
    if (!places)
        return err_no_memory(e);
    for (size_t i = 0; i < list.n; i++)
        places[i] = (struct auth_place){
            .site = rows[i].site,
            .organisation = rows[i].organisation,
            .name = rows[i].name,
            .kind = rows[i].kind,
            .organisation_name = rows[i].organisation_name,
        };
    *out = places;
    *n = list.n;
    return OK;
}
