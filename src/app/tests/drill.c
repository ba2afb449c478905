#define _GNU_SOURCE /* memmem, nftw */
#include "app/tests/drill.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { OPENED_MAX = 8 << 20 };

static void must(enum outcome o, const struct err *e)
{
    if (o == OK)
        return;
    printf("%s %s\n", e->code, e->detail);
    fail();
}

/* Mark number m of patient p: stands nowhere else. */
const char *drill_mark(int p, int m)
{
    static char ring[32][32];
    static int next;
    char *out = ring[next++ % 32];
    snprintf(out, 32, "Xq%02dz%02dwv%04d", p, m, (p * 37 + m * 101) % 9973);
    return out;
}

/* Birth dates are marks as well. */
const char *drill_born(int p)
{
    static char ring[8][16];
    static int next;
    char *out = ring[next++ % 8];
    snprintf(out, 16, "19%02d-0%d-1%d", p, p % 9 + 1, p % 7);
    return out;
}

const char *drill_parties(const struct network *network)
{
    static const char *const parts[][2] = { { "collection", "apheresis" },
                                            { "courier", "depot" },
                                            { "manufacture", "plant" },
                                            { "laboratory", "laboratory" },
                                            { "treatment", "treatment" } };
    static char out[1200];
    size_t n = 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        for (size_t k = 0; k < network->nsites; k++)
            if (strcmp(network->sites[k].kind, parts[i][1]) == 0) {
                n += (size_t)snprintf(
                    out + n, sizeof out - n, "%s{'part':'%s','organisation':'%s','site':'%s'}",
                    i > 0 ? "," : "", parts[i][0], network->sites[k].organisation_id.text,
                    network->sites[k].id.text);
                break;
            }
    return out;
}

static const char *needle; /* NULL: any mark or birth date */
static size_t holding;
static bool in_backups;

static bool digits(const char *at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (at[i] < '0' || at[i] > '9')
            return false;
    return true;
}

/* "Xq..z..wv....", as mark() makes them. */
static bool holds_mark(const char *text, size_t n)
{
    const char *end = text + n;
    for (const char *at = text; (at = memmem(at, (size_t)(end - at), "Xq", 2)); at++)
        if (end - at >= 14 && digits(at + 2, 2) && at[4] == 'z' && digits(at + 5, 2) &&
            at[7] == 'w' && at[8] == 'v' && digits(at + 9, 4))
            return true;
    for (int p = 0; p < DRILL_PATIENTS; p++)
        if (memmem(text, n, drill_born(p), 10))
            return true;
    return false;
}

static bool holds(const char *text, size_t n)
{
    return needle ? memmem(text, n, needle, strlen(needle)) != NULL : holds_mark(text, n);
}

static int look(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)at;
    if (kind != FTW_F || st->st_size == 0 || (!in_backups && strstr(path, "/before/")))
        return 0;
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    char *text = malloc((size_t)st->st_size);
    const size_t n = fread(text, 1, (size_t)st->st_size, f);
    fclose(f);
    bool found = holds(text, n) || holds(path, strlen(path));
    if (n > 5 && memcmp(text, "%PDF-", 5) == 0) {
        char *read;
        const size_t length = drill_pdf_text(&read, path);
        found = found || holds(read, length);
        free(read);
    }
    holding += found;
    free(text);
    return 0;
}

size_t drill_files(const char *folder, const char *text, bool backups)
{
    in_backups = backups;
    needle = text;
    holding = 0;
    fflush(stderr);
    assert_int_equal(nftw(folder, look, 8, FTW_PHYS), 0);
    return holding;
}

/* What whoever has ledger and keyring can open: every sealed text of every event. */
static char *opened;
static size_t nopened;

static void open_texts(struct keyring *keys, struct str event, const struct json *json,
                       struct str path, struct arena *of)
{
    size_t i = 0;
    struct str plain;
    struct err e = { 0 };
    if (json->type == JSON_STRING && seal_is(json->text) &&
        seal_open(keys, &plain, event, path, json->text, of, &e) == OK) {
        assert_true(nopened + plain.n + 1 < OPENED_MAX);
        memcpy(opened + nopened, plain.p, plain.n);
        nopened += plain.n;
        opened[nopened++] = '\n';
    }
    for (const struct json *x = json->child; x; x = x->next, i++) {
        const char *dot = path.n > 0 ? "." : "";
        open_texts(keys, event, x,
                   json->type == JSON_ARRAY
                       ? arena_printf(of, "%.*s%s%zu", STR(path), dot, i)
                       : arena_printf(of, "%.*s%s%.*s", STR(path), dot, STR(x->key)),
                   of);
    }
}

void drill_open(struct node *n)
{
    struct ledger_row *rows;
    struct arena *of = arena_new(64 << 20);
    struct err e = { 0 };
    struct db *db;
    size_t got = 100;
    if (!opened)
        opened = malloc(OPENED_MAX);
    nopened = 0;
    must(store_reader_take(&db, n->store, &e), &e);
    for (int64_t from = 0; got == 100; from += (int64_t)got) {
        arena_reset(of);
        must(ledger_read(db, from, 100, &rows, &got, of, &e), &e);
        for (size_t i = 0; i < got; i++) {
            struct event event;
            const struct json *payload;
            must(event_read(&event, of, rows[i].leaf, &e), &e);
            must(json_read(&payload, of, event.payload, &json_limits_default, &e), &e);
            open_texts(n->keys, event.id, payload, (struct str){ 0 }, of);
            const struct json reason = { .type = JSON_STRING, .text = event.reason };
            if (event.reason.p)
                open_texts(n->keys, event.id, &reason, S("reason"), of);
        }
    }
    store_reader_give(n->store, db);
    arena_free(of);
}

bool drill_opened(const char *text)
{
    return memmem(opened, nopened, text, strlen(text)) != NULL;
}
