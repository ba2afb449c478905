/* vein import fhir: patients of other systems' files become enrolments at one site. Prints a line a
 * file, by its place among the words (a file's name may hold a person's), and below it what was
 * refused, by path and reason. */
#include <string.h>

#include "app/cli.h"
#include "app/sender.h"
#include "base/id.h"
#include "gen/interop/queries.sql.h"
#include "gen/kernel/auth.sql.h"
#include "kernel/auth.h"
#include "kernel/text.h"
#include "modules/interop/interop.h"

enum { FILES_MAX = 1000, LINE_MAX_BYTES = 16 << 10, SMALL_ARENA = 8 << 20 };

/* --- which site enrols --- */

static enum outcome site_given(struct actor *actor, struct db *db, struct str organisation,
                               struct str site, struct arena *arena, struct err *e)
{
    struct auth_site_in in = { site };
    struct auth_site_out row;
    bool found;
    TRY(db_get(db, &sql_auth_site, &in, &row, arena, &found, e));
    if (!found || (organisation.p && !str_eq(organisation, row.organisation)))
        return REFUSE(e, "interop.unknown_site");
    actor->organisation = row.organisation;
    actor->site = row.site;
    actor->zone = row.zone;
    return OK;
}

/* Without --site: the only hospital's only site. *none: there is no hospital yet. */
static enum outcome site_only(struct actor *actor, struct db *db, struct str organisation,
                              bool *none, struct arena *arena, struct err *e)
{
    struct record_list list;
    TRY(db_list(db, &sql_interop_hospital_sites, NULL, &list, 2, arena, e));
    const struct interop_hospital_sites_out *row = list.p;
    *none = list.n == 0;
    if (list.n == 2 || (organisation.p && (*none || !str_eq(organisation, row->organisation))))
        return REFUSE(e, "interop.which_site");
    if (*none)
        return OK;
    actor->organisation = row->organisation;
    actor->site = row->site;
    actor->zone = row->zone;
    return OK;
}

/* A new database has no hospital: one is made, so that patients have a place. Says so. */
static enum outcome site_make(struct actor *actor, struct node *n, struct arena *arena,
                              struct err *e)
{
    struct id organisation = id_derive(n->vkey, S("organisation of imports"), 0);
    struct id site = id_derive(n->vkey, S("site of imports"), 0);
    actor->organisation = arena_str(arena, id_str(&organisation));
    actor->site = arena_str(arena, id_str(&site));
    actor->zone = S("Etc/UTC");
    if (!actor->organisation.p || !actor->site.p)
        return err_no_memory(e);
    struct str name = text_find(S("en"), S("cli.import.hospital"));
    const struct auth_make_organisation first = { actor->organisation, name, S("hospital") };
    const struct auth_make_site second = { actor->site, actor->organisation, name, S("ward"),
                                           actor->zone };
    struct sender sender = { .node = n, .arena = arena_new(SMALL_ARENA), .seed = n->vkey };
    if (!sender.arena)
        return err_no_memory(e);
    enum outcome o = sender_send_record(&sender, actor, "organisation.make",
                                        &auth_make_organisation_record, &first, NULL, e);
    if (o == OK)
        o = sender_send_record(&sender, actor, "site.make", &auth_make_site_record, &second, NULL,
                               e);
    arena_free(sender.arena);
    if (o != OK)
        return o;
    printf("%.*s: organisation %.*s, site %.*s\n", STR(name), STR(actor->organisation),
           STR(actor->site));
    return OK;
}

static enum outcome choose_site(struct actor *actor, struct node *n, const char *organisation,
                                const char *site, struct arena *arena, struct err *e)
{
    struct db *db;
    bool none = false;
    TRY(store_reader_take(&db, n->store, e));
    enum outcome o = site ? site_given(actor, db, str_z(organisation), str_z(site), arena, e)
                          : site_only(actor, db, str_z(organisation), &none, arena, e);
    store_reader_give(n->store, db);
    return o == OK && none ? site_make(actor, n, arena, e) : o;
}

/* --- one file --- */

static enum outcome not_readable(struct err *e)
{
    char why[80];
    snprintf(why, sizeof why, "%m");
    return REFUSE(e, "interop.not_readable", { "why", str_z(why) });
}

static enum outcome read_file(struct buf *b, const char *path, struct err *e)
{
    static char chunk[1 << 16];
    FILE *file = fopen(path, "rb");
    if (!file)
        return not_readable(e);
    size_t n;
    while (buf_ok(b) && (n = fread(chunk, 1, sizeof chunk, file)) > 0)
        buf_put(b, chunk, n);
    enum outcome o = ferror(file) ? not_readable(e) : OK;
    fclose(file);
    if (o != OK || buf_ok(b))
        return o;
    return buf_check(b, e);
}

static void print_line(const char *key, const struct text_param *params, size_t n)
{
    char storage[LINE_MAX_BYTES];
    struct buf b = buf_over(storage, sizeof storage);
    text_write(&b, S("en"), str_z(key), params, n);
    printf("%.*s\n", STR(buf_get(&b)));
}

static void print_refusals(const struct interop_fhir *f, struct arena *arena)
{
    size_t told = 0;
    for (const struct interop_refusal *r = f->refusals; r; r = r->next, told++) {
        struct str path = r->path.n > 0 ? r->path : text_find(S("en"), S("cli.import.whole"));
        struct text_param params[] = { { "path", path },
                                       { "reason", text_error(arena, S("en"), &r->error) } };
        print_line("cli.import.refused", params, 2);
    }
    if (f->nrefusals > told) {
        struct text_param more = { "count", arena_printf(arena, "%zu", f->nrefusals - told) };
        print_line("cli.import.more", &more, 1);
    }
}

static void print_file(size_t number, const struct interop_fhir *f, struct arena *arena)
{
    size_t unused = 0;
    struct buf types = buf_in(arena, LINE_MAX_BYTES);
    for (size_t i = 0; i < f->ntypes; i++) {
        unused += f->types[i].count;
        buf_printf(&types, "%s%.*s %zu", i > 0 ? ", " : ": ", STR(f->types[i].name),
                   f->types[i].count);
    }
#define COUNT(name, value)                                                                         \
    {                                                                                              \
        name, arena_printf(arena, "%zu", (size_t)(value))                                          \
    }
    const struct text_param params[] = {
        COUNT("number", number),
        COUNT("enrolled", f->enrolled),
        COUNT("unchanged", f->unchanged),
        COUNT("refused", f->nrefusals),
        COUNT("identifiers", f->identifiers_passed),
        COUNT("conditions", f->conditions_passed),
        COUNT("unused", unused),
        { "types", buf_get(&types) },
    };
#undef COUNT
    print_line("cli.import.file", params, sizeof params / sizeof params[0]);
    print_refusals(f, arena);
}

static enum outcome import_file(struct node *n, const struct actor *actor, const char *path,
                                size_t number, bool *refused, struct err *e)
{
    struct arena *arena = arena_new(INTEROP_ARENA_MAX);
    struct arena *printing = arena_new(SMALL_ARENA);
    struct buf text = buf_new(INTEROP_FILE_MAX);
    struct interop_fhir *f = arena ? ARENA_NEW(arena, struct interop_fhir) : NULL;
    struct err why = { 0 };
    enum outcome o = f && printing ? read_file(&text, path, &why) : err_no_memory(&why);
    if (o == OK)
        o = interop_fhir_read(f, buf_get(&text), arena, &why);
    else if (o == REFUSED)
        interop_refuse(f, (struct str){ 0 }, &why, arena);
    if (o == OK)
        o = interop_import(f, n, actor, arena, &why);
    if (o == FAULT) {
        *e = why;
    } else {
        print_file(number, f, printing);
        *refused |= f->nrefusals > 0;
    }
    buf_free(&text);
    arena_free(printing);
    arena_free(arena);
    return o == FAULT ? FAULT : OK;
}

int cli_import(int argc, char **argv)
{
    static const char *words[1 + FILES_MAX];
    const char *db = NULL, *organisation = NULL, *site = NULL;
    const struct cli_option options[] = {
        { "db", CLI_TEXT, &db, true },
        { "organisation", CLI_TEXT, &organisation, false },
        { "site", CLI_TEXT, &site, false },
    };
    int code;
    struct node n;
    if (!cli_read(argc, argv, options, 3, words, 1 + FILES_MAX, &code))
        return code;
    if (!words[0] || strcmp(words[0], "fhir") != 0 || !words[1]) {
        fprintf(stderr, "%.*s\n", STR(text_find(S("en"), S("cli.import.usage"))));
        return CLI_USAGE;
    }
    if (!cli_node_open(&n, db, false, false, &code))
        return code;
    struct err e = { 0 };
    struct actor actor = { .name = S("system/import"), .system = true };
    struct arena *arena = arena_new(SMALL_ARENA);
    bool refused = false;
    enum outcome o =
        arena ? choose_site(&actor, &n, organisation, site, arena, &e) : err_no_memory(&e);
    for (size_t i = 1; o == OK && i <= FILES_MAX && words[i]; i++)
        o = import_file(&n, &actor, words[i], i, &refused, &e);
    node_close(&n);
    arena_free(arena);
    if (o != OK)
        return cli_error(&e);
    return refused ? CLI_REFUSED : CLI_DONE;
}
