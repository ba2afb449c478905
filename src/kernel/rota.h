/* The rota: who is on call for a role at a site, from when to when.
 *
 * One person at a time: a duty that overlaps another is REFUSED "rota.overlaps". Times are whole
 * stretches of at most ROTA_DUTY_MAX_US; who is on call holds the role there ("rota.no_role"). A
 * duty is handed over, now or at a time within it, to another who holds it, or withdrawn. Where
 * nobody is on call there is a gap: the page shows it, and notifications go to all who hold the
 * role. What has ended is not changed any more (REFUSED "rota.ended").
 *
 * Rights: "rota.plan", "rota.hand_over", "rota.withdraw" at the site; "rota.see" for the page. */
#ifndef VEIN_KERNEL_ROTA_H
#define VEIN_KERNEL_ROTA_H

#include "gen/kernel/rota.sql.h"
#include "kernel/module.h"

#define ROTA_DUTY_MAX_US (62 * TIME_DAY)

struct rota_state {
    struct str site;
    struct str role;
    struct str organisation;
    struct str next; /* id of the duty that is made */
    struct rota_duty_out duty;
    bool overlaps;
    bool has_role;
};
#define RECORDS "kernel/rota_events.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS
#define RECORDS "kernel/rota_commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

extern const struct module rota_module;

/* Who is on call there then; absent: nobody. */
enum outcome rota_on_call(struct str *account, struct db *db, struct str site, struct str role,
                          int64_t at, struct arena *arena, struct err *e);

/* Stretches of [from, to) in which nobody is, of duties that are sorted by time; at most max. */
struct rota_gap {
    int64_t from;
    int64_t to;
};
size_t rota_gaps(struct rota_gap *out, size_t max, const struct rota_list_out *duties, size_t n,
                 int64_t from, int64_t to);

#endif
