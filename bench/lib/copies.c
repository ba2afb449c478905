/* The copies: rows of the things themselves, and of the index. */
#include "bench/lib/copies.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/id.h"
#include "bench/lib/people.h"
#include "kernel/search_impl.h"
#include "modules/order/pages.h"

enum { TEMPLATES_MAX = 4000, ARENA = 64 << 20 };

/* What is copied: of a rule, its things with scopes. */
struct template
{
    char thing[SEARCH_THING_MAX];
    char scopes[1200];
};
static struct template *templates;
static size_t ntemplates;

static sqlite3 *db;
static sqlite3_stmt *token_add, *thing_add;
static const struct node *node;
static struct arena *arena;
static uint64_t chance = 42;

static uint64_t draw(uint64_t below)
{
    chance = chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (chance >> 33) % below;
}

/* --- statements --- */

static void run(const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        bench_die(sqlite3_errmsg(db), NULL);
}

static sqlite3_stmt *prepared(const char *sql)
{
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
        bench_die(sqlite3_errmsg(db), NULL);
    return s;
}

static void step(sqlite3_stmt *s, const char *const *values, int n)
{
    for (int i = 0; i < n; i++)
        sqlite3_bind_text(s, i + 1, values[i], -1, SQLITE_TRANSIENT);
    if (sqlite3_step(s) != SQLITE_DONE)
        bench_die(sqlite3_errmsg(db), NULL);
    sqlite3_reset(s);
}

/* Copies the rows of a table that have `of` in this column, with another value there, and with
 * values of their own in the columns that are named besides. */
static sqlite3_stmt *copying(const char *table, const char *column, const char *const *own,
                             int nown)
{
    char sql[3000];
    struct buf b = buf_over(sql, sizeof sql - 1);
    char info[100];
    snprintf(info, sizeof info, "SELECT name FROM pragma_table_info('%s')", table);
    sqlite3_stmt *columns = prepared(info);
    buf_printf(&b, "INSERT INTO %s SELECT ", table);
    for (int i = 0; sqlite3_step(columns) == SQLITE_ROW; i++) {
        const char *name = (const char *)sqlite3_column_text(columns, 0);
        int number = strcmp(name, column) == 0 ? 1 : 0;
        for (int k = 0; k < nown; k++)
            if (strcmp(name, own[k]) == 0)
                number = k + 3;
        buf_z(&b, i > 0 ? ", " : "");
        if (number > 0)
            buf_printf(&b, "?%d", number);
        else
            buf_z(&b, name);
    }
    sqlite3_finalize(columns);
    buf_printf(&b, " FROM %s WHERE %s = ?2", table, column);
    sql[b.n] = '\0';
    return prepared(sql);
}

/* --- one thing of the index --- */

static void index_thing(const char *rule, const char *thing, const char *scopes, const char *tokens)
{
    const char *const row[] = { rule, thing, scopes, tokens };
    step(thing_add, row, 4);
    for (struct str rest = str_z(scopes); rest.n > 0;) {
        const struct str scope = search_next_of(&rest);
        for (struct str left = str_z(tokens); left.n > 0;) {
            const struct str token = search_next_of(&left);
            char s[60], t[100];
            snprintf(s, sizeof s, "%.*s", STR(scope));
            snprintf(t, sizeof t, "%.*s", STR(token));
            const char *const posted[] = { rule, s, t, thing };
            step(token_add, posted, 4);
        }
    }
}

static void take_templates(const char *rule)
{
    sqlite3_stmt *s = prepared("SELECT thing, scopes FROM search_thing WHERE rule = ?1 LIMIT 4000");
    sqlite3_bind_text(s, 1, rule, -1, SQLITE_STATIC);
    for (ntemplates = 0; sqlite3_step(s) == SQLITE_ROW; ntemplates++) {
        struct template *t = &templates[ntemplates];
        snprintf(t->thing, sizeof t->thing, "%s", (const char *)sqlite3_column_text(s, 0));
        snprintf(t->scopes, sizeof t->scopes, "%s", (const char *)sqlite3_column_text(s, 1));
    }
    sqlite3_finalize(s);
    if (ntemplates == 0)
        bench_die(rule, NULL);
}

static void letters(char *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = ID_LETTERS[draw(sizeof ID_LETTERS - 1)];
    out[n] = '\0';
}

static void folded(char *to, size_t size, const char *identifier)
{
    const struct str f = search_folded(str_z(identifier), 0, arena);
    snprintf(to, size, "i%.*s", STR(f));
}

static void id_of(char out[40], unsigned kind, size_t number)
{
    snprintf(out, 40, "%08x-0000-7000-8000-%012x", kind, (unsigned)number);
}

/* --- what is remembered, to be asked for --- */

static struct copies kept;

/* --- the million --- */

static void units(size_t n)
{
    static const char *const own[] = { "label", "din" };
    sqlite3_stmt *copy = copying("identity_unit", "unit", own, 2);
    take_templates("unit");
    for (size_t i = 0; i < n; i++) {
        char id[40], label[16], din[COPIES_TEXT], tokens[60], a[24], b[24];
        const struct template *t = &templates[i % ntemplates];
        id_of(id, 1, i);
        letters(label, 12);
        snprintf(din, sizeof din, "W%04u26%06u00", (unsigned)(i % 50), (unsigned)(i / 50));
        const char *const values[] = { id, t->thing, label, din };
        step(copy, values, 4);
        folded(a, sizeof a, label);
        folded(b, sizeof b, din);
        snprintf(tokens, sizeof tokens, "%.23s %.23s", strcmp(a, b) < 0 ? a : b,
                 strcmp(a, b) < 0 ? b : a);
        index_thing("unit", id, t->scopes, tokens);
        snprintf(kept.label[i % COPIES_KEPT], COPIES_TEXT, "%s", label);
        snprintf(kept.din[i % COPIES_KEPT], COPIES_TEXT, "%s", din);
        if (i % 10000 == 0)
            arena_reset(arena);
    }
    sqlite3_finalize(copy);
}

static void deviations(size_t n)
{
    static const char *const own[] = { "number" };
    sqlite3_stmt *copy = copying("quality_deviation", "deviation", own, 1);
    take_templates("deviation");
    for (size_t i = 0; i < n; i++) {
        char id[40], number[30], code[10], token[30];
        const struct template *t = &templates[i % ntemplates];
        id_of(id, 2, i);
        letters(code, 8);
        snprintf(number, sizeof number, "DEV-2026-%.4s-%s", code, code + 4);
        const char *const values[] = { id, t->thing, number };
        step(copy, values, 3);
        folded(token, sizeof token, number);
        index_thing("deviation", id, t->scopes, token);
        if (i % 10000 == 0)
            arena_reset(arena);
    }
    sqlite3_finalize(copy);
}

static void orders(size_t n)
{
    static const char *const tables[] = { "flow_order", "flow_party", "flow_task",
                                          "flow_fact",  "flow_past",  "stop_order" };
    enum { TABLES = sizeof tables / sizeof tables[0] };
    static const char *const own[] = { "coi", "patient" };
    sqlite3_stmt *copies[TABLES], *copy = copying("order_order", "order_id", own, 2);
    for (size_t k = 0; k < TABLES; k++)
        copies[k] = copying(tables[k], "order_id", NULL, 0);
    take_templates("order");
    for (size_t i = 0; i < n; i++) {
        char id[40], patient[40], coi[30], code[16], token[30];
        const struct template *t = &templates[i % ntemplates];
        id_of(id, 3, i);
        id_of(patient, 4, i); /* who is copied, too */
        letters(code, 14);
        snprintf(coi, sizeof coi, "VN-%.4s-%.4s-%.4s-%s", code, code + 4, code + 8, code + 12);
        const char *const values[] = { id, t->thing, coi, patient };
        step(copy, values, 4);
        for (size_t k = 0; k < TABLES; k++)
            step(copies[k], values, 2);
        folded(token, sizeof token, coi);
        index_thing("order", id, t->scopes, token);
        snprintf(kept.coi[i % COPIES_KEPT], COPIES_TEXT, "%s", coi);
        if (i % 10000 == 0)
            arena_reset(arena);
    }
    sqlite3_finalize(copy);
    for (size_t k = 0; k < TABLES; k++)
        sqlite3_finalize(copies[k]);
}

/* Few names are common, most are not: half of all bear one of a sixteenth of the names. */
static size_t name_number(size_t names)
{
    return (size_t)(draw(2) ? draw(names / 16) : draw(names));
}

static void sealed_name(char *to, size_t size, const struct template *t, const char *event,
                        const char *path, const char *plain)
{
    struct err e = { 0 };
    struct str sealed;
    if (seal_text(node->keys, &sealed, str_z(t->thing), str_z(event), str_z(path), str_z(plain),
                  arena, &e) != OK)
        bench_die("seal", &e);
    snprintf(to, size, "%.*s", STR(sealed));
}

static void name_tokens(char *to, size_t size, const char *family, const char *given,
                        const char *number)
{
    const struct search_rule *rule = &order_searches[1];
    const struct str token[] = {
        search_token(rule, node->keys, SEARCH_WORD, search_folded(str_z(family), 0, arena), arena),
        search_token(rule, node->keys, SEARCH_WORD, search_folded(str_z(given), 0, arena), arena),
        search_token(rule, node->keys, SEARCH_IDENTIFIER, search_folded(str_z(number), 0, arena),
                     arena),
    };
    const bool before = str_cmp(token[0], token[1]) < 0;
    snprintf(to, size, "%.*s %.*s %.*s", STR(token[2]), STR(token[before ? 0 : 1]),
             STR(token[before ? 1 : 0]));
}

static void patients(size_t n)
{
    static const char *const own[] = { "pseudonym", "family", "given" };
    sqlite3_stmt *copy = copying("order_patient", "patient", own, 3);
    sqlite3_stmt *event = prepared("SELECT event FROM order_patient WHERE patient = ?1");
    take_templates("patient");
    for (size_t i = 0; i < n; i++) {
        char id[40], pseudonym[12] = "P-", family[30], given[30], number[20], of[40];
        char sealed[2][300], token[30], tokens[200];
        const struct template *t = &templates[i % ntemplates];
        id_of(id, 4, i);
        letters(pseudonym + 2, 6);
        snprintf(family, sizeof family, "Family%zux", name_number(COPIES_FAMILIES));
        snprintf(given, sizeof given, "Given%zux", name_number(COPIES_GIVENS));
        snprintf(number, sizeof number, "H%08zu", i);
        sqlite3_bind_text(event, 1, t->thing, -1, SQLITE_STATIC);
        if (sqlite3_step(event) != SQLITE_ROW)
            bench_die("patient", NULL);
        snprintf(of, sizeof of, "%s", (const char *)sqlite3_column_text(event, 0));
        sqlite3_reset(event);
        sealed_name(sealed[0], sizeof sealed[0], t, of, "family", family);
        sealed_name(sealed[1], sizeof sealed[1], t, of, "given", given);
        const char *const values[] = { id, t->thing, pseudonym, sealed[0], sealed[1] };
        step(copy, values, 5);
        folded(token, sizeof token, pseudonym);
        index_thing("patient", id, t->scopes, token);
        name_tokens(tokens, sizeof tokens, family, given, number);
        index_thing("patient.name", id, t->scopes, tokens);
        snprintf(kept.pseudonym[i % COPIES_KEPT], COPIES_TEXT, "%s", pseudonym);
        snprintf(kept.number[i % COPIES_KEPT], COPIES_TEXT, "%s", number);
        if (i % 1000 == 0)
            arena_reset(arena);
    }
    sqlite3_finalize(event);
    sqlite3_finalize(copy);
}

const struct copies *copies_make(const struct node *of, const char *path, size_t n)
{
    node = of;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        bench_die("could not open the database", NULL);
    templates = calloc(TEMPLATES_MAX, sizeof *templates);
    arena = arena_new(ARENA);
    if (!templates || !arena)
        bench_die("no memory", NULL);
    run("PRAGMA synchronous = OFF; PRAGMA cache_size = -500000; BEGIN");
    run("CREATE TEMP TABLE posted (rule TEXT, scope TEXT, token TEXT, thing TEXT)");
    token_add = prepared("INSERT INTO posted VALUES (?1, ?2, ?3, ?4)");
    thing_add = prepared("INSERT INTO search_thing (rule, thing, scopes, tokens)"
                         " VALUES (?1, ?2, ?3, ?4)");
    orders(n / 100);
    patients(n * 7 / 100);
    deviations(n * 7 / 100);
    units(n - n / 100 - 2 * (n * 7 / 100));
    run("INSERT INTO search_token (rule, scope, token, thing)"
        " SELECT rule, scope, token, thing FROM posted ORDER BY 1, 2, 3, 4");
    sqlite3_finalize(token_add);
    sqlite3_finalize(thing_add);
    run("COMMIT; DROP TABLE posted; PRAGMA wal_checkpoint(TRUNCATE)");
    sqlite3_close(db);
    arena_free(arena);
    free(templates);
    return &kept;
}
