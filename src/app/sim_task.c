/* What people do at a task: identify, make units, hand over, thaw, give, fill in, complete. What is
 * to be done is read from the workflow, so that a customer's own can be simulated as well. */
#include <stdio.h>

#include "app/sim_impl.h"
#include "modules/identity/identity.h"

enum { WRONG_LABEL_PER = 300 /* in 100,000 checks: 0.3 % */, NO_READ_PER = 1000 };

/* --- identity --- */

static void put_scan(struct buf *b, const char *prefix, struct str text)
{
    buf_printf(b, "%s{\"text\":\"%s%.*s\"}", b->n > 0 ? "," : "", prefix, STR(text));
}

/* One person's check. *result is absent when the answer had none. */
static enum outcome check_once(struct task_at_hand *t, struct str point,
                               const struct network_person *who, bool wrong, struct str *result,
                               struct err *e)
{
    bool patient = str_starts(point, S("patient")) || str_is(point, "administration");
    bool units = !str_starts(point, S("patient"));
    bool no_read = !wrong && sim_chance(t->s, NO_READ_PER);
    char storage[4000];
    struct buf scans = buf_over(storage, sizeof storage);
    if (patient) {
        put_scan(&scans, "&#", str_z(t->o->number));
        put_scan(&scans, "&/", str_z(t->o->coi));
    }
    for (size_t i = 0; units && i < t->nunits; i++)
        put_scan(&scans, "",
                 identity_symbol(t->s->options.node->keys,
                                 wrong && i == 0 ? str_z(t->s->last_wrong) : t->units[i].label,
                                 t->s->arena));
    char stated[160] = "";
    if (patient)
        snprintf(stated, sizeof stated, ",\"stated_name\":\"%s %s\",\"stated_birth_date\":\"%s\"",
                 t->o->given, t->o->family, t->o->birth_date);
    struct str answer;
    enum outcome o = sender_send(
        &t->s->sender, &who->actor, "identity.check", NULL, &answer, e,
        "{'order':'%s','task':'%s','point':'%.*s','method':'code_2d','scans':[%.*s]%s%s}",
        t->o->order.text, t->name, STR(point), STR(no_read ? S("") : buf_get(&scans)), stated,
        no_read ? ",'no_read':true" : "");
    TRY(sim_at_hand(t, o, "identity.check", e));
    const struct json *json;
    TRY(json_read(&json, t->s->arena, answer, &json_limits_default, e));
    *result = json_get_str(json, "result");
    t->s->counts.no_reads += no_read;
    return OK;
}

/* As many persons as the point asks for, each by a scan of their own, until it is read. */
static enum outcome check_by_all(struct task_at_hand *t, struct str point, struct err *e)
{
    const struct network_person *second =
        network_second(t->s->network, t->open->site, "identity.check", t->who);
    int persons = identity_persons(point);
    for (int p = 0; p < persons && !t->stopped; p++) {
        const struct network_person *who = p == 0 ? t->who : second;
        bool wrong = t->nunits > 0 && t->s->last_wrong[0] && !str_starts(point, S("patient")) &&
                     strcmp(t->s->last_wrong_order.text, t->o->order.text) != 0 &&
                     sim_chance(t->s, t->s->options.wrong_label_per ? t->s->options.wrong_label_per
                                                                    : WRONG_LABEL_PER);
        struct str result = { 0 };
        for (int tries = 0; tries < 3; tries++) {
            TRY(check_once(t, point, who, wrong, &result, e));
            if (!str_is(result, "no_read"))
                break;
        }
        if (str_is(result, "fail"))
            t->stopped = true;
        t->s->counts.stops += wrong && t->stopped;
        t->s->counts.deviations += t->stopped;
        t->s->counts.not_stopped += wrong && str_is(result, "pass");
    }
    return OK;
}

static enum outcome check_point(struct task_at_hand *t, struct str point, struct err *e)
{
    char fact[100];
    snprintf(fact, sizeof fact, "check:%.*s", STR(point));
    return flow_has_fact(t->v, t->task->name, str_z(fact)) ? OK : check_by_all(t, point, e);
}

static bool after_making(struct str point)
{
    return str_is(point, "label_at_chair");
}

static enum outcome check_points(struct task_at_hand *t, bool after, struct err *e)
{
    for (size_t i = 0; i < t->task->checks.n && !t->stopped; i++)
        if (after_making(t->task->checks.p[i]) == after)
            TRY(check_point(t, t->task->checks.p[i], e));
    return OK;
}

/* --- hand-over --- */

static enum outcome offer(struct task_at_hand *t, struct err *e)
{
    const struct flow_party *to = flow_receiver(t->v, t->task->name);
    for (size_t i = 0; to && i < t->nunits; i++)
        TRY(sim_at_hand(
            t,
            sender_send(&t->s->sender, &t->who->actor, "custody.offer", NULL, NULL, e,
                        "{'unit':'%.*s','to_organisation':'%.*s','to_site':'%.*s',"
                        "'condition':'as packed','container':'SH-%.4s','seals':['S1-%.4s',"
                        "'S2-%.4s'],'task':'%s'}",
                        STR(t->units[i].unit), STR(to->organisation), STR(to->site),
                        t->o->order.text + 32, t->o->order.text + 32, t->o->order.text + 32,
                        t->name),
            "custody.offer", e));
    return OK;
}

static enum outcome accept_units(struct task_at_hand *t, struct err *e)
{
    for (size_t i = 0; i < t->nunits; i++)
        TRY(sim_at_hand(t,
                        sender_send(&t->s->sender, &t->who->actor, "custody.accept", NULL, NULL, e,
                                    "{'unit':'%.*s','condition':'intact','container':'SH-%.4s',"
                                    "'seals':['S1-%.4s','S2-%.4s'],'task':'%s'}",
                                    STR(t->units[i].unit), t->o->order.text + 32,
                                    t->o->order.text + 32, t->o->order.text + 32, t->name),
                        "custody.accept", e));
    return OK;
}

/* And then reads the logger that came with them. */
static enum outcome take_over(struct task_at_hand *t, struct err *e)
{
    TRY(accept_units(t, e));
    return sim_temperatures(t, e);
}

/* --- bedside --- */

static enum outcome clinic(struct task_at_hand *t, const char *command, size_t unit,
                           const char *more, struct err *e)
{
    return sim_at_hand(t,
                       sender_send(&t->s->sender, &t->who->actor, command, NULL, NULL, e,
                                   "{'order':'%s','task':'%s','unit':'%.*s'%s}", t->o->order.text,
                                   t->name, STR(t->units[unit].unit), more),
                       command, e);
}

/* A further bag: the technologist identified it with the first, and thaws it now. */
static enum outcome thaw_further(struct task_at_hand *t, size_t unit, struct err *e)
{
    const struct network_person *who =
        network_find(t->s->network, "technologist", t->open->site, t->o->turn);
    return sim_at_hand(t,
                       sender_send(&t->s->sender, &who->actor, "clinic.thaw", NULL, NULL, e,
                                   "{'order':'%s','task':'thaw','unit':'%.*s'}", t->o->order.text,
                                   STR(t->units[unit].unit)),
                       "clinic.thaw", e);
}

/* What hangs at the bedside is identified as it hangs there: this bag, after its thaw. */
static enum outcome check_thawed(struct task_at_hand *t, size_t unit, struct err *e)
{
    struct task_at_hand alone = *t;
    alone.units = &t->units[unit];
    alone.nunits = 1;
    enum outcome o = check_by_all(&alone, S("administration"), e);
    t->stopped = alone.stopped;
    return o;
}

/* Bag after bag: the next is thawed only when the last was given safely. */
static enum outcome give_all(struct task_at_hand *t, struct err *e)
{
    size_t bags = t->nunits;
    for (size_t b = 0; b < bags; b++) {
        char volume[80];
        struct buf q = buf_over(volume, sizeof volume - 1);
        buf_z(&q, ",'volume':'");
        quantity_write(&q, t->units[b].quantity);
        buf_z(&q, "','safe':true");
        volume[q.n] = '\0';
        enum outcome o = clinic(t, "clinic.give", b, "", e);
        if (o == REFUSED && str_is(str_z(e->code), "clinic.not_thawed")) {
            TRY(thaw_further(t, b, e));
            TRY(check_thawed(t, b, e));
            if (t->stopped)
                return OK;
            o = clinic(t, "clinic.give", b, "", e);
        }
        TRY(o);
        TRY(clinic(t, "clinic.finish", b, volume, e));
    }
    return OK;
}

static enum outcome do_needs(struct task_at_hand *t, struct err *e)
{
    for (size_t i = 0; i < t->task->needs.n && !t->stopped; i++) {
        struct str need = t->task->needs.p[i];
        if (flow_has_fact(t->v, t->task->name, need))
            continue;
        if (str_is(need, "offered"))
            TRY(offer(t, e));
        else if (str_is(need, "accepted"))
            TRY(take_over(t, e));
        else if (str_is(need, "thawed") && t->nunits > 0)
            TRY(clinic(t, "clinic.thaw", 0, "", e));
        else if (str_is(need, "all_given"))
            TRY(give_all(t, e));
    }
    return OK;
}

/* --- the form, and done --- */

static enum outcome find_form(struct task_at_hand *t, struct definition *form, struct err *e)
{
    struct db *db;
    bool found;
    struct node *node = t->s->options.node;
    TRY(store_reader_take(&db, node->store, e));
    enum outcome o = define_find(form, db, S("form"), t->open->form, t->open->form_version,
                                 env_now(node->env), t->s->arena, &found, e);
    store_reader_give(node->store, db);
    return o;
}

/* Each place by another person of its role, in their order; but for those of the first task, so
 * that who looks at a demonstration has something to sign. */
static enum outcome sign_places(struct task_at_hand *t, const struct definition *form,
                                struct err *e)
{
    struct form_place places[FORM_PLACES_MAX];
    const bool left = strcmp(t->name, "confirm_eligibility") == 0;
    const size_t n = left ? 0 : form_places(places, form->body);
    for (size_t i = 0; i < n; i++) {
        char role[64];
        snprintf(role, sizeof role, "%.*s", STR(places[i].role));
        const struct network_person *who =
            network_find(t->s->network, role, t->open->site, t->o->turn + i);
        if (!who)
            continue;
        TRY(sim_at_hand(t,
                        sender_send(&t->s->sender, &who->actor, "flow.sign", NULL, NULL, e,
                                    "{'order':'%s','task':'%s','place':'%.*s'}", t->o->order.text,
                                    t->name, STR(places[i].name)),
                        "flow.sign", e));
    }
    return OK;
}

static enum outcome complete(struct task_at_hand *t, struct err *e)
{
    struct str inputs = S("");
    struct definition form = { 0 };
    if (t->open->form.p) {
        TRY(find_form(t, &form, e));
        inputs = sim_inputs(t->s, t->o, &form);
    }
    enum outcome o = REFUSED;
    for (unsigned tries = 0; tries < 3 && o == REFUSED; tries++) {
        /* Who noted the checks does not complete where the task asks for a second person. */
        const struct network_person *who =
            network_find(t->s->network, t->who->role, t->open->site, t->o->turn + tries);
        o = sender_send(&t->s->sender, &who->actor, "flow.complete", NULL, NULL, e,
                        "{'order':'%s','task':'%s'%.*s}", t->o->order.text, t->name, STR(inputs));
        if (o == REFUSED && !str_is(str_z(e->code), "flow.second_person"))
            break;
    }
    t->s->counts.supplied += o == OK && str_is(t->task->act, "supply");
    t->s->counts.late_failed +=
        o == OK && (t->o->mishaps & SIM_STERILITY_FAILS) && strcmp(t->name, "late_results") == 0;
    if (o == OK && form.body)
        TRY(sign_places(t, &form, e));
    return o;
}

/* Everything that the task asks for, in the order in which it is done. */
static enum outcome work(struct task_at_hand *t, struct err *e)
{
    TRY(sim_read_units(t, e));
    TRY(check_points(t, false, e));
    TRY(sim_make_units(t, e));
    TRY(check_points(t, true, e));
    TRY(do_needs(t, e));
    bool more = str_is(t->task->act, "thaw") && t->nunits > 1; /* bags to thaw later */
    return t->stopped || more ? OK : sim_at_hand(t, complete(t, e), "flow.complete", e);
}

enum outcome sim_task(struct sim *s, struct sim_order *o, const struct flow_view *v,
                      const struct flow_open_task *open, int64_t *after, struct err *e)
{
    struct task_at_hand t = { .s = s, .o = o, .v = v, .open = open };
    snprintf(t.name, sizeof t.name, "%.*s", STR(open->task));
    t.task = flow_task_find(v, open->task);
    char role[64];
    snprintf(role, sizeof role, "%.*s", STR(t.task->role));
    t.who = network_find(s->network, role, open->site, o->turn);
    BUG_ON(!t.who);
    /* The work begins when it is due, not when the task opens. */
    int64_t due = open->opened + sim_duration(o, t.name);
    int64_t now = env_now(s->options.node->env);
    if (now < due && o->next < due) {
        *after = due - now;
        return OK;
    }
    bool ended;
    TRY(sim_mishaps(&t, &ended, e));
    *after = 5 * TIME_MINUTE;
    if (ended)
        return OK;
    enum outcome done = work(&t, e);
    if (done == REFUSED) {
        struct err why = *e;
        TRY(sim_foreseen(&t, &why, &ended, e));
        return ended ? OK : sim_must(s, REFUSED, t.doing, &why);
    }
    if (done == OK && t.nunits > 0) {
        snprintf(s->last_wrong, sizeof s->last_wrong, "%.*s", STR(t.units[0].label));
        s->last_wrong_order = o->order;
    }
    return done;
}
