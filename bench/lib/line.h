/* A line of the table of speed: what was measured, the limit that was measured beside it in the
 * same run, and the aim. Each line is printed where it is measured; under VEIN_BENCH_LINES it is
 * appended to that file as JSON as well, of which bench/lib/table.py makes the table. */
#ifndef VEIN_BENCH_LINE_H
#define VEIN_BENCH_LINE_H

struct line {
    const char *part; /* of the table: "a" … "h" */
    const char *what;
    double figure;
    const char *unit;
    const char *beside; /* what the limit is; NULL: there is none */
    double limit;       /* in the same unit */
    /* What is aimed at; 0: nothing. Of the figure: */
    double at_least;
    double at_most;
    /* … and of figure / limit: */
    double ratio_at_least;
    double ratio_at_most;
};

void line_add(const struct line *line);

#endif
