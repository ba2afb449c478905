/* Charts: numbers as a table, which ui/chart.ts draws. What a chart shows is said here once;
 * {call chart(c)} in a page prints it (pages/chart.html). Without script it is the table. */
#ifndef VEIN_KERNEL_CHART_H
#define VEIN_KERNEL_CHART_H

#include "base/quantity.h"
#include "kernel/page.h"

enum chart_kind {
    CHART_TIME, /* each series a line over time; a value that is not there is a gap */
    CHART_RANGE /* each row a bar from its first value to its last, marked at those between */
};

struct chart_row {
    int64_t at;                   /* CHART_TIME */
    struct str name;              /* CHART_RANGE */
    struct str about;             /* behind the name, small: how many these are; absent: nothing */
    const struct decimal *values; /* one of each series */
};
struct chart {
    enum chart_kind kind;
    struct str title;
    struct str unit;          /* for people: "°C" */
    struct decimal low, high; /* what lies outside is marked; decimal_none(): no limit */
    struct str rows_are;      /* head of the first column: "Time" */
    const struct str *series; /* heads of the others */
    size_t nseries;
    const struct chart_row *rows;
    size_t nrows;
};

/* For the page. A time with the offset of the page's place: 2026-11-22T10:30:00+01:00. */
struct str chart_time(struct page *p, int64_t us);
/* The text of how a value lies: "form.mark.low", "form.mark.high"; empty: within. */
struct str chart_mark(const struct chart *c, struct decimal value);
/* As a program reads it; empty where there is none. */
struct str chart_number(struct page *p, struct decimal value);

#endif
