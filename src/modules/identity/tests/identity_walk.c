#include "modules/identity/tests/identity_walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { ORDERS = 2, PEOPLE = 6 };

unsigned trial_walk_draw(struct trial_walk *w, unsigned below)
{
    w->chance = w->chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(w->chance >> 33) % below;
}

static const char *const tasks[] = { "collect", "hand_over", "receive", "sample",    "wash",
                                     "fill",    "release",   "arrive",  "administer" };
static const char *const points[] = { "patient_at_collection", "label_at_chair",
                                      "handover_to_courier",   "receipt_at_manufacture",
                                      "before_qc_sampling",    "before_processing",
                                      "before_release",        "receipt_at_treatment_site",
                                      "administration" };
static const char *const kinds[] = { "bag", "tube", "qc_sample", "culture", "final_bag" };
static const char *const methods[] = { "barcode", "code_2d", "rfid", "manual" };
#define PICK(w, a) a[trial_walk_draw(w, sizeof a / sizeof a[0])]

/* Mostly someone of the site. */
static const struct fixture_person *person(struct trial_walk *w, const char *task)
{
    const struct fixture_person *people[PEOPLE] = { &w->t->nurse,   &w->t->nurse_2,
                                                    &w->t->helper,  &w->t->plant,
                                                    &w->t->plant_2, &w->t->quality_plant };
    return people[trial_walk_draw(w, 6) == 0
                      ? trial_walk_draw(w, PEOPLE)
                      : trial_walk_draw(w, 3) + (trial_id_at_hospital(task) ? 0 : 3)];
}

/* --- what is sent --- */

/* The task that is to be done next, mostly; sometimes any. */
static const char *some_task(struct trial_walk *w, const struct trial_order *o)
{
    struct db *db;
    struct flow_view v;
    struct err e = { 0 };
    const char *task = PICK(w, tasks);
    assert_int_equal(store_reader_take(&db, w->t->f.node.store, &e), OK);
    assert_int_equal(flow_read(db, str_z(o->id), &v, w->t->f.arena, &e), OK);
    store_reader_give(w->t->f.node.store, db);
    if (trial_walk_draw(w, 12) > 0 && v.ntasks > 0)
        task = arena_str(w->t->f.arena, v.tasks[v.ntasks - 1].task).p;
    return task;
}

static const char *point_of(struct trial_walk *w, const char *task)
{
    static const unsigned of[] = { 0, 2, 3, 4, 5, 5, 6, 7, 8 };
    if (trial_walk_draw(w, 15) == 0)
        return PICK(w, points);
    if (strcmp(task, "collect") == 0)
        return points[trial_walk_draw(w, 2)];
    for (size_t i = 0; i < 9; i++)
        if (strcmp(tasks[i], task) == 0)
            return points[of[i]];
    return points[0];
}

static void send_check(struct trial_walk *w, const struct trial_order *o, const char *task)
{
    char scans[6000], more[160];
    const char *point = point_of(w, task);
    const struct trial_order *of =
        trial_walk_draw(w, 12) == 0 ? &w->orders[trial_walk_draw(w, ORDERS)] : o;
    const char *units = trial_id_units(
        w->t, of, trial_walk_draw(w, 20) == 0 ? PICK(w, kinds) : trial_id_kind_of(task));
    bool patient = strstr(point, "patient") || strstr(point, "admin");
    const struct trial_order *who =
        trial_walk_draw(w, 40) == 0 ? &w->orders[trial_walk_draw(w, ORDERS)] : o;
    const struct fixture_person *checker = person(w, task);
    const char *method = trial_walk_draw(w, 5) ? methods[0] : PICK(w, methods);
    bool noise = trial_walk_draw(w, 30) == 0;
    bool no_read = trial_walk_draw(w, 30) == 0;
    const struct trial_order *stated = trial_walk_draw(w, 40) == 0 ? who : o;
    snprintf(scans, sizeof scans, "%s%s%s%s", patient ? trial_id_patient(who) : "",
             patient && units[0] ? "," : "", strstr(point, "at_collection") ? "" : units,
             noise ? ",'?!'" : "");
    size_t n = strlen(scans);
    if (n > 0 && scans[n - 1] == ',')
        scans[n - 1] = '\0';
    snprintf(more, sizeof more, "%s%s", patient ? trial_id_stated(stated) : "",
             no_read ? ",'no_read':true" : "");
    (void)trial_id_check(w->t, checker, o, task, point, method, scans[0] == ',' ? scans + 1 : scans,
                         more);
}

/* A unit of the order, mostly of the task's kind and live; sometimes any of any order. */
static struct str some_unit(struct trial_walk *w, const struct trial_order *o, const char *task)
{
    const struct trial_order *of =
        trial_walk_draw(w, 15) == 0 ? &w->orders[trial_walk_draw(w, ORDERS)] : o;
    struct identity_units_in in = { str_z(of->id) };
    struct record_list rows = fixture_list(&w->t->f, &sql_identity_units, &in);
    const struct identity_units_out *row = rows.p;
    const char *kind = trial_id_kind_of(task);
    for (int tries = 0; rows.n > 0 && tries < 8; tries++) {
        const struct identity_units_out *u = &row[trial_walk_draw(w, (unsigned)rows.n)];
        if (u->ended == TIME_NONE && (!kind || str_is(u->kind, kind)))
            return u->unit;
    }
    return rows.n > 0 ? row[trial_walk_draw(w, (unsigned)rows.n)].unit : fixture_id('u', 1);
}

static const char *made_in(struct trial_walk *w, const char *task)
{
    static const char *const made[] = { "bag",       NULL, NULL, "qc_sample", "culture",
                                        "final_bag", NULL, NULL, NULL };
    for (size_t i = 0; i < 9; i++)
        if (strcmp(tasks[i], task) == 0 && made[i] && trial_walk_draw(w, 10) > 0)
            return i == 0 ? kinds[trial_walk_draw(w, 2)] : made[i];
    return PICK(w, kinds);
}

static void send_make(struct trial_walk *w, const struct trial_order *o, const char *task)
{
    char label[16], parents[400] = "";
    if (strcmp(task, "collect") != 0 || trial_walk_draw(w, 10) == 0) {
        struct str one = some_unit(w, o, task);
        struct str two = some_unit(w, o, task);
        if (trial_walk_draw(w, 3) == 0)
            snprintf(parents, sizeof parents, ",'parents':[{'unit':'%.*s'},{'unit':'%.*s'}]",
                     STR(one), STR(two));
        else
            snprintf(parents, sizeof parents, ",'parents':[{'unit':'%.*s','quantity':'%u mL'}]",
                     STR(one), trial_walk_draw(w, 60));
    }
    const struct fixture_person *maker = person(w, task);
    const char *kind = made_in(w, task);
    const char *quantity = trial_walk_draw(w, 8) ? "40 mL" : "0.2 L";
    (void)trial_id_make(w->t, maker, o, task, kind, quantity, parents, label);
}

static void send_split(struct trial_walk *w, const struct trial_order *o, const char *task)
{
    const struct fixture_person *maker = person(w, task);
    struct str unit = some_unit(w, o, task);
    const char *one = made_in(w, task);
    const char *two = made_in(w, task);
    unsigned ml = trial_walk_draw(w, 50);
    unsigned cl = trial_walk_draw(w, 9);
    (void)fixture_send(&w->t->f, maker, "unit.split", NULL,
                       "{'unit':'%.*s','task':'%s','pieces':[{'kind':'%s','quantity':'%u.5 mL'},"
                       "{'kind':'%s','quantity':'0.0%u L'}],'loss':'0.%u mL'}",
                       STR(unit), task, one, ml, two, cl, trial_walk_draw(w, 9) + 1);
}

static void send_sample(struct trial_walk *w, const struct trial_order *o, const char *task)
{
    const struct fixture_person *maker = person(w, task);
    struct str unit = some_unit(w, o, task);
    const char *kind = made_in(w, task);
    (void)fixture_send(&w->t->f, maker, "unit.sample", NULL,
                       "{'unit':'%.*s','task':'%s','kind':'%s','quantity':'%u mL'}", STR(unit),
                       task, kind, trial_walk_draw(w, 6));
}

static void send_combine(struct trial_walk *w, const struct trial_order *o, const char *task)
{
    const struct fixture_person *maker = person(w, task);
    struct str one = some_unit(w, o, task);
    struct str two = some_unit(w, o, task);
    const char *kind = made_in(w, task);
    (void)fixture_send(&w->t->f, maker, "unit.combine", NULL,
                       "{'order':'%s','task':'%s','kind':'%s','parents':["
                       "{'unit':'%.*s','quantity':'10 mL'},{'unit':'%.*s','quantity':'10 mL'}],"
                       "'quantity':'%u.%u mL'}",
                       o->id, task, kind, STR(one), STR(two), 19 + trial_walk_draw(w, 2),
                       trial_walk_draw(w, 10));
}

/* Units are made with 40 mL, mostly: two of 20 mL empty one, to the drop or nearly. */
static void send_aliquot(struct trial_walk *w, const struct trial_order *o, const char *task)
{
    static const char *const each[] = { "20 mL", "20 mL", "19.9 mL", "20.1 mL", "100 mL", "2 mL" };
    const struct fixture_person *maker = person(w, task);
    struct str unit = some_unit(w, o, task);
    const char *kind = made_in(w, task);
    (void)fixture_send(&w->t->f, maker, "unit.aliquot", NULL,
                       "{'unit':'%.*s','task':'%s','kind':'%s','count':2,'quantity':'%s'%s}",
                       STR(unit), task, kind, PICK(w, each),
                       trial_walk_draw(w, 4) ? ",'emptied':true" : "");
}

static void send_lose(struct trial_walk *w, const struct trial_order *o, const char *task)
{
    static const char *const how[] = { "spilled", "leaked", "broken", "missing" };
    const struct fixture_person *who = person(w, task);
    struct str unit = some_unit(w, o, task);
    (void)fixture_send(&w->t->f, who, "unit.lose", "fell", "{'unit':'%.*s','how':'%s'%s}",
                       STR(unit), PICK(w, how),
                       trial_walk_draw(w, 4) ? ",'quantity':'0.5 mL'" : "");
}

static void send_genealogy(struct trial_walk *w, const struct trial_order *o, const char *task)
{
    switch (trial_walk_draw(w, 8)) {
    case 0:
        send_combine(w, o, task);
        break;
    case 1:
    case 2:
        send_aliquot(w, o, task);
        break;
    case 3:
        send_lose(w, o, task);
        break;
    default:
        send_split(w, o, task);
    }
}

static void send_resolve(struct trial_walk *w)
{
    const struct fixture_person *who =
        trial_walk_draw(w, 2) ? person(w, PICK(w, tasks)) : &w->t->quality;
    (void)fixture_send(&w->t->f, who, "stop.resolve", "looked into",
                       "{'order':'%s','decision':'continue'}",
                       w->orders[trial_walk_draw(w, ORDERS)].id);
}

static void send_discard(struct trial_walk *w, const struct trial_order *o, const char *task)
{
    const struct fixture_person *who = person(w, task);
    struct str unit = some_unit(w, o, task);
    (void)fixture_send(&w->t->f, who, "unit.discard", "broken", "{'unit':'%.*s'}", STR(unit));
}

void trial_walk_step(struct trial_walk *w)
{
    const struct trial_order *o = &w->orders[trial_walk_draw(w, ORDERS)];
    const char *task = some_task(w, o);
    unsigned what = trial_walk_draw(w, 100);
    if (what < 45)
        send_check(w, o, task);
    else if (what < 60)
        send_make(w, o, task);
    else if (what < 67)
        send_genealogy(w, o, task);
    else if (what < 73)
        send_sample(w, o, task);
    else if (what < 74)
        send_discard(w, o, task);
    else if (what < 84)
        send_resolve(w);
    else if (what < 98)
        (void)trial_id_complete(w->t, o, task);
    else if (what < 99)
        env_sim_advance(&w->t->f.sim, TIME_HOUR);
    else
        fixture_reopen(&w->t->f);
}
