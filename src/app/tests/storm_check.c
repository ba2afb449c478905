/* What must be true after a storm, whatever happened in it. What can be is read out of the ledger
 * by rules that are written down here anew, not asked of the code that is tried. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/tests/bundle_folder.h"
#include "app/tests/storm.h"
#include "base/json.h"
#include "verify/verify.h"

enum { CHUNK = 200, UNITS_MAX = 400, PASSED_MAX = 2000, TASKS_MAX = 1000, SINCE = 3 };

/* --- what was acknowledged --- */

/* Asked once more, each is known and answered as it was. */
static void check_answers(struct storm *w)
{
    for (size_t i = 0; i < w->nsent; i++) {
        struct storm_sent *s = &w->sent[i];
        struct gate_answer answer;
        struct err e = { 0 };
        if (!s->acknowledged)
            continue;
        arena_reset(w->scratch);
        s->command.arena = w->scratch;
        if (gate_run(w->node.gate, &s->command, &answer, &e) != OK)
            storm_wrong(w, "%.*s was acknowledged and is lost: %s", STR(s->command.name), e.code);
        else if (!answer.repeated || answer.sequence != s->answer.sequence ||
                 answer.nevents != s->answer.nevents || !str_eq(answer.body, s->answer.body))
            storm_wrong(w, "%.*s was acknowledged and is done again", STR(s->command.name));
    }
}

/* --- the ledger, folded --- */

struct unit {
    char id[40];
    char holder[80]; /* organisation and site */
    char offered[80];
};
struct passed {
    char order[40], task[64], point[64];
    int64_t pass;
};
struct opened {
    char order[40], task[64];
    int64_t pass;
};
struct fold {
    struct storm *w;
    struct unit units[UNITS_MAX];
    size_t nunits;
    struct passed passed[PASSED_MAX];
    size_t npassed;
    struct opened opened[TASKS_MAX];
    size_t nopened;
    size_t events_of[STORM_SENT_MAX];
    size_t checked; /* tasks that had points to be passed */
    size_t handed;  /* units */
};

static struct str text_of(const struct json *payload, const char *key)
{
    return json_get_str(payload, key);
}

static void party(char out[80], const struct json *payload, const char *prefix)
{
    char organisation[40], site[40];
    snprintf(organisation, sizeof organisation, "%sorganisation", prefix);
    snprintf(site, sizeof site, "%ssite", prefix);
    snprintf(out, 80, "%.*s/%.*s", STR(text_of(payload, organisation)),
             STR(text_of(payload, site)));
}

static struct unit *unit_of(struct fold *f, struct str id)
{
    for (size_t i = 0; i < f->nunits; i++)
        if (str_is(id, f->units[i].id))
            return &f->units[i];
    BUG_ON(f->nunits == UNITS_MAX);
    struct unit *u = &f->units[f->nunits++];
    snprintf(u->id, sizeof u->id, "%.*s", STR(id));
    return u;
}

/* A unit is with one party at a time: it leaves the one that has it, to the one it is offered to.
 */
static void fold_custody(struct fold *f, struct str type, const struct json *payload)
{
    struct unit *u = unit_of(f, text_of(payload, "unit"));
    char from[80], to[80];
    if (str_is(type, "unit.made")) {
        party(u->holder, payload, "");
    } else if (str_is(type, "custody.offered")) {
        party(from, payload, "from_");
        if (u->holder[0] && strcmp(from, u->holder) != 0)
            storm_wrong(f->w, "a unit was offered by who did not have it");
        if (u->offered[0])
            storm_wrong(f->w, "a unit was offered twice at a time");
        snprintf(u->holder, sizeof u->holder, "%s", from);
        party(u->offered, payload, "to_");
    } else if (str_is(type, "custody.accepted")) {
        party(from, payload, "from_");
        party(to, payload, "");
        if (strcmp(from, u->holder) != 0 || strcmp(to, u->offered) != 0)
            storm_wrong(f->w, "a unit was taken by whom it was not offered");
        snprintf(u->holder, sizeof u->holder, "%s", to);
        u->offered[0] = '\0';
        f->handed++;
    } else if (str_is(type, "custody.declined") || str_is(type, "custody.withdrawn") ||
               str_is(type, "custody.refused")) {
        u->offered[0] = '\0';
    }
}

static int64_t pass_of(const struct json *payload)
{
    int64_t pass = 1;
    const struct json *member = json_get(payload, "pass");
    if (member)
        (void)json_to_int(&pass, member);
    return pass;
}

static struct opened *task_of(struct fold *f, struct str order, struct str task)
{
    for (size_t i = 0; i < f->nopened; i++)
        if (str_is(order, f->opened[i].order) && str_is(task, f->opened[i].task))
            return &f->opened[i];
    BUG_ON(f->nopened == TASKS_MAX);
    struct opened *o = &f->opened[f->nopened++];
    snprintf(o->order, sizeof o->order, "%.*s", STR(order));
    snprintf(o->task, sizeof o->task, "%.*s", STR(task));
    return o;
}

static void fold_check(struct fold *f, const struct json *payload)
{
    const struct json *complete = json_get(payload, "complete");
    if (!complete || complete->type != JSON_TRUE)
        return;
    if (!str_is(text_of(payload, "result"), "pass"))
        storm_wrong(f->w, "an identity check that did not pass completed its point");
    BUG_ON(f->npassed == PASSED_MAX);
    struct passed *p = &f->passed[f->npassed++];
    snprintf(p->order, sizeof p->order, "%.*s", STR(text_of(payload, "order")));
    snprintf(p->task, sizeof p->task, "%.*s", STR(text_of(payload, "task")));
    snprintf(p->point, sizeof p->point, "%.*s", STR(text_of(payload, "point")));
    p->pass = pass_of(payload);
}

static void fold_voided(struct fold *f, const struct json *payload)
{
    const struct str order = text_of(payload, "order"), task = text_of(payload, "task"),
                     point = text_of(payload, "point");
    for (size_t i = f->npassed; i > 0; i--) {
        const struct passed *p = &f->passed[i - 1];
        if (str_is(order, p->order) && (!task.p || str_is(task, p->task)) &&
            (!point.p || str_is(point, p->point)))
            f->passed[i - 1] = f->passed[--f->npassed];
    }
}

/* No task is done before each of its points was passed, in this pass of it. */
static void fold_done(struct fold *f, struct db *db, const struct json *payload)
{
    struct flow_view view;
    struct err e = { 0 };
    const struct str order = text_of(payload, "order"), name = text_of(payload, "task");
    const int64_t pass = task_of(f, order, name)->pass;
    if (flow_read(db, order, &view, f->w->arena, &e) != OK || !view.found) {
        storm_wrong(f->w, "an order cannot be read: %s", e.code);
        return;
    }
    const struct flow_task *task = flow_task_find(&view, name);
    for (size_t c = 0; task && c < task->checks.n; c++) {
        bool was = false;
        for (size_t i = 0; i < f->npassed; i++) {
            const struct passed *p = &f->passed[i];
            was |= str_is(order, p->order) && str_is(name, p->task) && p->pass == pass &&
                   str_is(task->checks.p[c], p->point);
        }
        f->checked += was;
        if (!was)
            storm_wrong(f->w, "%.*s was done without %.*s", STR(name), STR(task->checks.p[c]));
    }
}

static void fold_event(struct fold *f, struct db *db, const struct event *event)
{
    const struct json *payload;
    struct err e = { 0 };
    const struct str type = event->type;
    for (size_t i = 0; i < f->w->nsent; i++)
        f->events_of[i] += str_eq(event->command, f->w->sent[i].command.id);
    if (json_read(&payload, f->w->scratch, event->payload, &json_limits_default, &e) != OK) {
        storm_wrong(f->w, "an event cannot be read: %s", e.code);
        return;
    }
    if (str_is(type, "unit.made") || str_starts(type, S("custody.")))
        fold_custody(f, type, payload);
    else if (str_is(type, "identity.checked"))
        fold_check(f, payload);
    else if (str_is(type, "identity.voided"))
        fold_voided(f, payload);
    else if (str_is(type, "flow.task_opened"))
        task_of(f, text_of(payload, "order"), text_of(payload, "task"))->pass = pass_of(payload);
    else if (str_is(type, "flow.task_done"))
        fold_done(f, db, payload);
}

static void check_ledger(struct storm *w)
{
    struct fold *f = calloc(1, sizeof *f);
    struct err e = { 0 };
    struct db *db;
    size_t n = 1;
    BUG_ON(!f);
    f->w = w;
    if (store_reader_take(&db, w->node.store, &e) != OK) {
        storm_wrong(w, "it cannot be read: %s", e.code);
        free(f);
        return;
    }
    for (int64_t from = 0; n > 0 && !w->verdict[0]; from += (int64_t)n) {
        struct ledger_row *rows;
        arena_reset(w->scratch);
        if (ledger_read(db, from, CHUNK, &rows, &n, w->scratch, &e) != OK) {
            storm_wrong(w, "the ledger cannot be read: %s", e.code);
            break;
        }
        for (size_t i = 0; i < n && !w->verdict[0]; i++) {
            struct event event;
            if (event_read(&event, w->scratch, rows[i].leaf, &e) != OK)
                storm_wrong(w, "an event cannot be read: %s", e.code);
            else
                fold_event(f, db, &event);
        }
    }
    store_reader_give(w->node.store, db);
    for (size_t i = 0; i < w->nsent; i++)
        if (w->sent[i].acknowledged && f->events_of[i] != w->sent[i].answer.nevents)
            storm_wrong(w, "%.*s made %zu events, and %zu are there", STR(w->sent[i].command.name),
                        w->sent[i].answer.nevents, f->events_of[i]);
    storm_tell(w, "%zu points passed, %zu units handed over", f->checked, f->handed);
    free(f);
}

/* --- the whole of it --- */

static void check_rebuild(struct storm *w)
{
    struct node_rebuild rebuilt;
    struct err e = { 0 };
    if (node_rebuild_check(&w->node, &rebuilt, &e) != OK)
        storm_wrong(w, "it cannot be built anew: %s %s", e.code, e.detail);
    else if (!rebuilt.same)
        storm_wrong(w, "built anew %s differs", rebuilt.difference);
    if (store_check(w->node.store, &e) != OK)
        storm_wrong(w, "the storage is damaged: %s %s", e.code, e.detail);
}

/* By the verifier, which shares no code with the writer: from the last checkpoint that was seen
 * outside, the first, and those between. */
static void check_log(struct storm *w, const char *vkey)
{
    char since[120];
    snprintf(since, sizeof since, "%s/since", w->home);
    for (size_t i = 0; i < SINCE && !w->verdict[0]; i++) {
        static struct verify_report report;
        struct verify_options options = { .vkey = vkey };
        memset(&report, 0, sizeof report);
        if (w->nnotes > 0) {
            const size_t which = (w->nnotes - 1) * i / (SINCE - 1);
            bundle_put(w->home, "since", str_z(w->notes[which].text));
            options.since = since;
        }
        if (!verify_db(w->path, &options, &report))
            storm_wrong(w, "the ledger does not verify: %s: %s", report.bad_item, report.reason);
    }
}

void storm_check(struct storm *w)
{
    char vkey[400];
    storm_people_leave(w);
    if (!storm_settle(w))
        storm_wrong(w, "it fails when all is calm");
    if (w->not_stopped > 0)
        storm_wrong(w, "%zu wrong labels were not stopped", w->not_stopped);
    check_answers(w);
    check_ledger(w);
    storm_partner_check(w);
    check_rebuild(w);
    snprintf(vkey, sizeof vkey, "%.*s", STR(w->node.vkey));
    node_close(&w->node);
    w->open = false;
    check_log(w, vkey);
}
