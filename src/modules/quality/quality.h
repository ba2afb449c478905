/* Quality: deviations, opened from anywhere and closed with a conclusion. */
#ifndef VEIN_MODULES_QUALITY_QUALITY_H
#define VEIN_MODULES_QUALITY_QUALITY_H

#include "gen/quality/queries.sql.h"
#include "kernel/flow.h"
#include "kernel/page.h"

enum { QUALITY_FIGURES_MAX = 12 };

struct quality_open_state {
    struct str order; /* the command's, or that of its unit; absent: of the site */
};
struct quality_deviation_state {
    bool found;
    struct quality_deviation_out row;
};

#define RECORDS "modules/quality/events.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS
#define RECORDS "modules/quality/commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

/* 0 critical, 1 major, 2 minor: the worst first. */
int64_t quality_rank(struct str risk);

extern const struct module quality_module;

/* Open deviations of an order hold up what lets its product go: completing, or correcting, a task
 * with the act release or supply while a critical one is open, and any task while one of a class
 * that the workflow names in the task's `closed` is. REFUSED "deviation.open_before" {number, risk,
 * deviation}, unless the record's field `decision` says reject or failed: what lets nothing go
 * waits for nothing. Of the deviations that are open when the command is decided; one that another
 * server opens at that very moment is not seen (with one writer there is none). */
extern const struct flow_rule quality_release_rule;
/* The record that is decided upon lets the product go: it says neither reject nor failed. */
bool quality_lets_go(const struct flow_ruling *r);

/* In load: the order that a unit belongs to; load_unknown for none. What identity, above, tells:
 * set once, by modules_use. deviation.open takes a unit only of its own order, and of the unit's
 * order where it names none; any other is unknown. */
typedef enum outcome quality_unit_fn(struct load *l, struct str unit, struct str *order,
                                     struct err *e);
void quality_use_unit(quality_unit_fn *order_of);

/* In the load of a command that may open a deviation: declares the stream of the deviation that it
 * would open (its id is derived from the command). For one that may open several, number n, from 0,
 * each by itself. */
enum outcome load_deviation(struct load *l, struct err *e);
enum outcome load_deviations(struct load *l, uint64_t n, struct err *e);
/* In decide: opens number n; fills deviation and number, whose texts live in the decision's arena.
 */
void quality_open_deviation(struct decision *d, struct quality_deviation_opened *deviation,
                            uint64_t n);
/* What the system said of a deviation as it opened it, in the page's language; empty where it said
 * nothing. */
struct str quality_said(struct page *p, const struct quality_deviation_out *row);

#endif
