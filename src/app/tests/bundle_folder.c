#define _GNU_SOURCE /* memmem */
#include "app/tests/bundle_folder.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "kernel/flow.h"
#include "modules/identity/identity.h"
#include "modules/order/order.h"

enum { FILE_MAX = 8 << 20 };

struct str bundle_read(const char *dir, const char *name)
{
    static char content[4][FILE_MAX];
    static size_t turn;
    char *out = content[turn++ % 4];
    char path[200];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("no %s", path);
    const size_t n = fread(out, 1, FILE_MAX, file);
    fclose(file);
    return (struct str){ out, n };
}

void bundle_put(const char *dir, const char *name, struct str content)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(content.p, 1, content.n, file), content.n);
    assert_int_equal(fclose(file), 0);
}

void bundle_drop(const char *dir, const char *name)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(remove(path), 0);
}

static int by_number(const void *a, const void *b)
{
    const long long x = *(const long long *)a, y = *(const long long *)b;
    return x < y ? -1 : x > y;
}

static long long number(const char *name)
{
    int64_t out;
    assert_true(str_to_u63(&out, str_z(name)));
    return out;
}

/* Places in the log of the bundle's events, ascending. */
size_t bundle_places(const char *dir, long long out[BUNDLE_PLACES_MAX])
{
    char path[200];
    size_t n = 0;
    snprintf(path, sizeof path, "%s/event", dir);
    DIR *d = opendir(path);
    assert_non_null(d);
    for (struct dirent *x = readdir(d); x; x = readdir(d))
        if (x->d_name[0] != '.' && n < BUNDLE_PLACES_MAX)
            out[n++] = number(x->d_name);
    closedir(d);
    qsort(out, n, sizeof *out, by_number);
    return n;
}

static void manifest_line(struct buf *b, const char *dir, const char *name)
{
    char hex[HASH_HEX + 1];
    const struct str content = bundle_read(dir, name);
    hash_hex(hex, hash_of(content.p, content.n));
    buf_printf(b, "%s %zu %s\n", hex, content.n, name);
}

bool bundle_holds(struct str all, struct str part)
{
    return part.n > 0 && memmem(all.p, all.n, part.p, part.n) != NULL;
}

/* An event of the bundle whose type is this, number n of them. */
long long bundle_event_of(const char *dir, const char *type, size_t n)
{
    static long long at[BUNDLE_PLACES_MAX];
    char text[80], name[40];
    const size_t count = bundle_places(dir, at);
    snprintf(text, sizeof text, "\"type\":\"%s\"", type);
    for (size_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "event/%lld", at[i]);
        if (bundle_holds(bundle_read(dir, name), str_z(text)) && n-- == 0)
            return at[i];
    }
    fail_msg("no %s", type);
    return -1;
}

/* Replaces the first `from` of a file; the lengths may differ. */
void bundle_replace(const char *dir, const char *name, const char *from, const char *to)
{
    const struct str was = bundle_read(dir, name);
    const char *found = memmem(was.p, was.n, from, strlen(from));
    if (!found)
        fail_msg("%s lacks %s", name, from);
    struct buf b = buf_new(FILE_MAX);
    buf_put(&b, was.p, (size_t)(found - was.p));
    buf_z(&b, to);
    buf_str(&b, str_from(was, (size_t)(found - was.p) + strlen(from)));
    bundle_put(dir, name, buf_get(&b));
    buf_free(&b);
}

static bool bundle_has(const char *dir, const char *name)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return access(path, F_OK) == 0;
}

/* Signs what lies there, as only whoever has the log's key can. */
void bundle_sign(const char *dir, const char *order, bool keys, const struct note_signer *signer)
{
    static const char *const first[] = { "vkey",        "checkpoint",  "cosigned",
                                         "consistency", "report.json", "report.html",
                                         "trail.html",  "trail.pdf",   "keys" };
    static long long at[BUNDLE_PLACES_MAX];
    struct buf b = buf_new(4 << 20);
    buf_printf(&b, "vein.%s/v1\norder %s\n", bundle_has(dir, "trail.html") ? "audit" : "bundle",
               order);
    for (size_t i = 0; i < (keys ? 9U : 8U); i++)
        if (bundle_has(dir, first[i]))
            manifest_line(&b, dir, first[i]);
    const size_t n = bundle_places(dir, at);
    for (size_t i = 0; i < n; i++) {
        char name[40];
        snprintf(name, sizeof name, "event/%lld", at[i]);
        manifest_line(&b, dir, name);
        snprintf(name, sizeof name, "proof/%lld", at[i]);
        manifest_line(&b, dir, name);
        snprintf(name, sizeof name, "definition/%lld", at[i]);
        if (bundle_has(dir, name))
            manifest_line(&b, dir, name);
    }
    note_sign(&b, 0, signer);
    assert_true(buf_ok(&b));
    bundle_put(dir, "manifest", buf_get(&b));
    buf_free(&b);
}

void bundle_remove(const char *path)
{
    DIR *d = opendir(path);
    for (struct dirent *x = d ? readdir(d) : NULL; x; x = readdir(d)) {
        char below[300];
        if (strcmp(x->d_name, ".") == 0 || strcmp(x->d_name, "..") == 0)
            continue;
        snprintf(below, sizeof below, "%s/%s", path, x->d_name);
        bundle_remove(below);
    }
    if (d)
        closedir(d);
    (void)!remove(path);
}

/* How much there is to tell of an order: that it was finished counts before all else, then checks
 * that failed in it. */
static size_t told(struct db *db, struct str order, struct arena *arena)
{
    struct err e = { 0 };
    struct flow_view flow;
    struct record_list checks;
    const struct identity_checks_in in = { order };
    assert_int_equal(flow_read(db, order, &flow, arena, &e), OK);
    assert_int_equal(db_list(db, &sql_identity_checks, &in, &checks, 1000, arena, &e), OK);
    const struct identity_checks_out *row = checks.p;
    size_t score = flow.found && str_is(flow.how, "finished") ? 1000 : 0;
    for (size_t i = 0; i < checks.n; i++)
        score += str_is(row[i].result, "fail");
    return score;
}

void bundle_choose(struct node *n, char order[40], char other[40])
{
    struct arena *arena = arena_new(64 << 20);
    struct err e = { 0 };
    struct db *db;
    struct record_list rows;
    const struct order_all_in in = { S("") };
    assert_int_equal(store_reader_take(&db, n->store, &e), OK);
    assert_int_equal(db_list(db, &sql_order_all, &in, &rows, 200, arena, &e), OK);
    const struct order_all_out *row = rows.p;
    size_t best = 0, most = 0;
    assert_true(rows.n >= 2);
    for (size_t i = 0; i < rows.n; i++) {
        const size_t score = told(db, row[i].order_id, arena);
        if (score <= most)
            continue;
        most = score;
        best = i;
    }
    snprintf(order, 40, "%.*s", STR(row[best].order_id));
    snprintf(other, 40, "%.*s", STR(row[best == 0 ? 1 : 0].order_id));
    store_reader_give(n->store, db);
    arena_free(arena);
}
