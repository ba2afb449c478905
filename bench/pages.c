/* How long the pages that people look at all day take, and the same as JSON for programs, in a
 * database of many orders and in one of a thousand: bench_pages [ORDERS [SMALL BIG [VEIN]]].
 * Without files both are made (bench/orders.c) and removed again; with them they are what
 * bench_orders left there. Two servers run, and each row asks both in turns, so that they are
 * measured in the same weather.
 *
 * Beside each page stands as well what libmicrohttpd alone needs for as many bytes, in the same
 * turns.
 *
 * Asked by the maker's quality, who sees all orders (the control tower, order, search), and by a
 * nurse of the one site that collects from everybody (the worklist). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/lib/kept.h"
#include "bench/lib/line.h"
#include "bench/lib/load.h"
#include "bench/lib/people.h"
#include "bench/lib/plain.h"
#include "bench/lib/server.h"

enum {
    PATH = 300,
    FOLDER = 200,
    PEOPLE = 3,
    PLAIN = 2 * PEOPLE,
    ASKED = 50,
    TURNS = 4,
    SMALL = 1000,
    TARGET = 64
};

/* One of the two databases, and its server. */
struct side {
    char path[PATH];
    uint64_t orders;
    bool made;
    pid_t server;
    size_t first; /* of its clients */
    const char *orders_asked[HISTORY_KEPT];
    struct kept kept;
};
static struct side sides[2];
static char order_paths[2][HISTORY_KEPT][TARGET];
static const struct side *asked; /* whose identifiers the forms are made of */

static void read_kept(struct side *s)
{
    kept_read(&s->kept, s->path);
    for (size_t i = 0; i < s->kept.n; i++) {
        char *to = order_paths[s - sides][i];
        snprintf(to, TARGET, "/orders/%s", s->kept.orders[i].order);
        s->orders_asked[i] = to;
    }
}

static void make(struct side *s, const char *folder)
{
    struct buf path = buf_over(s->path, sizeof s->path - 1);
    buf_printf(&path, "%s/%llu.db", folder, (unsigned long long)s->orders);
    s->made = true;
    kept_make(s->path, s->orders);
}

static void begin(struct side *s, const char *vein)
{
    int port;
    read_kept(s);
    s->server = server_start(vein, s->path, &port);
    s->first = (size_t)(s - sides) * PEOPLE;
    load_open(port, PEOPLE);
}

/* --- what is asked --- */

static void by_coi(char *to, size_t size, uint64_t i)
{
    snprintf(to, size, "q=%s", asked->kept.orders[i % asked->kept.n].coi);
}

static void by_name(char *to, size_t size, uint64_t i)
{
    snprintf(to, size, "q=%s", asked->kept.orders[i % asked->kept.n].family);
}

static const struct row {
    const char *name;
    size_t person;
    const char *target; /* NULL: pages of orders */
    void (*form)(char *to, size_t size, uint64_t i);
    bool json;
} rows[] = {
    { "control tower", 0, "/", NULL, false },
    { "control tower, JSON", 0, "/", NULL, true },
    { "control tower, those stopped", 0, "/?state=stopped", NULL, false },
    { "order", 0, NULL, NULL, false },
    { "order, JSON", 0, NULL, NULL, true },
    { "worklist", 2, "/work", NULL, false },
    { "worklist, JSON", 2, "/work", NULL, true },
    { "search: chain-of-identity identifier", 0, "/search", by_coi, false },
    { "search: family name, at a hospital", 1, "/search", by_name, false },
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static double ask(const struct side *s, const struct row *row, size_t n, size_t *bytes)
{
    struct load_result r;
    asked = s;
    load_accept(row->json ? "application/json" : "text/html");
    if (row->target)
        load_ask(&r, s->first + row->person, n, row->target, row->form);
    else
        load_pages(&r, s->first + row->person, 1, s->orders_asked, n < s->kept.n ? n : s->kept.n);
    *bytes = r.bytes;
    return r.p95_ms;
}

static double ask_plain(size_t bytes)
{
    struct load_result r;
    char target[TARGET];
    snprintf(target, sizeof target, "/%zu", bytes);
    load_ask(&r, PLAIN, ASKED, target, NULL);
    return r.p95_ms;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* The median of what the turns gave. */
static void measure(const struct row *row)
{
    double p95[3][TURNS];
    char what[120], beside[60];
    size_t bytes;
    for (size_t k = 0; k < 2; k++)
        (void)ask(&sides[k], row, 5, &bytes); /* warm */
    for (size_t turn = 0; turn < TURNS; turn++) {
        for (size_t k = 0; k < 2; k++)
            p95[k][turn] = ask(&sides[k], row, ASKED, &bytes);
        p95[2][turn] = ask_plain(bytes);
    }
    for (size_t k = 0; k < 3; k++)
        qsort(p95[k], TURNS, sizeof p95[k][0], by_size);
    snprintf(what, sizeof what, "%s, p95, %llu orders", row->name,
             (unsigned long long)sides[1].orders);
    snprintf(beside, sizeof beside, "the same of %llu", (unsigned long long)sides[0].orders);
    line_add(&(struct line){ .part = "d",
                             .what = what,
                             .figure = p95[1][TURNS / 2],
                             .unit = "ms",
                             .beside = beside,
                             .limit = p95[0][TURNS / 2],
                             .at_most = 50,
                             .ratio_at_most = 1.3 });
    snprintf(beside, sizeof beside, "libmicrohttpd alone, %zu bytes", bytes);
    line_add(&(struct line){ .part = "d",
                             .what = what,
                             .figure = p95[1][TURNS / 2],
                             .unit = "ms",
                             .beside = beside,
                             .limit = p95[2][TURNS / 2] });
}

int main(int argc, char **argv)
{
    const char *vein = argc > 4 ? argv[4] : "build/gcc/vein";
    char folder[FOLDER];
    int port;
    setvbuf(stdout, NULL, _IOLBF, 0);
    bench_folder(folder, sizeof folder, "pages");
    sides[1].orders = (uint64_t)bench_number(argc > 1 ? argv[1] : NULL, 20000);
    sides[0].orders = sides[1].orders < SMALL ? sides[1].orders : SMALL;
    for (size_t k = 0; k < 2; k++) {
        if (argc > 3)
            snprintf(sides[k].path, sizeof sides[k].path, "%s", argv[2 + k]);
        else if (k == 0 || sides[1].orders != sides[0].orders)
            make(&sides[k], folder);
        else
            bench_die("more than a thousand orders are expected", NULL);
        begin(&sides[k], vein);
    }
    const pid_t plain = plain_start(&port);
    load_open_plain(port);
    for (size_t i = 0; i < ROWS; i++)
        measure(&rows[i]);
    load_close();
    plain_stop(plain);
    char what[80];
    snprintf(what, sizeof what, "resident memory of the server, %llu orders",
             (unsigned long long)sides[1].orders);
    line_add(&(struct line){ .part = "g",
                             .what = what,
                             .figure = server_resident(sides[1].server) / 1e6,
                             .unit = "MB",
                             .at_most = 300 });
    for (size_t k = 0; k < 2; k++) {
        server_stop(sides[k].server);
        if (sides[k].made)
            bench_remove(sides[k].path);
    }
    return 0;
}
