/* What people enter: plausible values for each field, from the form's own limits and from what the
 * field means, with the order's mishaps. And how long each task takes. */
#include <stdio.h>

#include "app/sim_impl.h"
#include "kernel/form.h"

/* Usual values where the form's limits are wider than practice: in thousandths. */
static const struct {
    const char *form, *field;
    int64_t from, to;
    int decimals;
} usual[] = {
    { "eligibility", "lymphocytes", 300, 1900, 2 },
    { "eligibility", "previous_lines", 2000, 4000, 0 },
    { "collection", "anticoagulant", 600000, 1100000, 0 },
    { "collection", "tnc", 5500, 24000, 2 },
    { "collection", "cd3", 25000, 65000, 1 },
    { "collection", "haematocrit", 1500, 4500, 1 },
    { "collection", "viability", 96000, 99500, 1 },
    { "receipt", "temperature_min", 2600, 4000, 1 },
    { "receipt", "temperature_max", 4500, 7600, 1 },
    { "incoming", "volume", 80000, 250000, 0 },
    { "incoming", "tnc", 5000, 22000, 2 },
    { "incoming", "cd3", 25000, 65000, 1 },
    { "incoming", "viability", 84000, 98000, 1 },
    { "selection", "cells_in", 20000, 90000, 1 },
    { "selection", "cells_out", 13000, 18000, 1 },
    { "selection", "purity", 91000, 99000, 1 },
    { "selection", "il2", 50000, 300000, 0 },
    { "transduction", "titre", 100000000000, 900000000000, 0 },
    { "transduction", "cells", 100000, 400000, 0 },
    { "transduction", "moi", 1500, 4500, 1 },
    { "expansion", "day", 4000, 6000, 0 },
    { "expansion", "counted_viable", 800, 3500, 2 },
    { "expansion", "counted_dead", 50, 180, 2 },
    { "expansion", "volume", 200000, 900000, 0 },
    { "expansion", "glucose", 5200, 11000, 1 },
    { "expansion", "lactate", 4000, 17000, 1 },
    { "expansion", "ph", 7050, 7350, 2 },
    { "expansion", "temperature", 36700, 37300, 1 },
    { "expansion", "oxygen", 40000, 80000, 0 },
    { "expansion", "medium_added", 50000, 400000, 0 },
    { "harvest", "total_viable", 900000, 4500000, 0 },
    { "harvest", "viability", 85000, 98000, 1 },
    { "harvest", "car", 25000, 60000, 1 },
    { "harvest", "bag_cells", 10000, 60000, 1 },
    { "harvest", "bag_volume", 30000, 70000, 0 },
    { "harvest", "labels_printed", 4000, 4000, 0 },
    { "harvest", "labels_applied", 3000, 3000, 0 },
    { "harvest", "labels_destroyed", 1000, 1000, 0 },
    { "freeze", "end_temperature", -95000, -85000, 0 },
    { "freeze", "minutes_dmso", 15000, 45000, 0 },
    { "freeze", "storage_temperature", -180000, -160000, 0 },
    { "storage", "temperature", -180000, -160000, 0 },
    { "tests", "viability", 86000, 98000, 1 },
    { "tests", "cd3", 88000, 99000, 1 },
    { "tests", "car", 26000, 60000, 1 },
    { "tests", "vcn", 900, 3200, 2 },
    { "tests", "endotoxin", 50, 400, 2 },
    { "conditioning", "doses_given", 3000, 3000, 0 },
    { "administration", "pulse", 62000, 96000, 0 },
    { "administration", "systolic", 105000, 145000, 0 },
    { "administration", "temperature", 36400, 37400, 1 },
};
enum { USUAL = sizeof usual / sizeof usual[0] };

static void put_thousandths(struct buf *b, int64_t value, int decimals)
{
    static const int64_t unit[] = { 1000, 100, 10, 1 };
    int64_t rounded = value / unit[decimals];
    int64_t scale = 1000 / unit[decimals];
    buf_printf(b, "%s%lld", rounded < 0 ? "-" : "",
               (long long)(rounded < 0 ? -rounded : rounded) / scale);
    if (decimals > 0)
        buf_printf(b, ".%0*lld", decimals, (long long)((rounded < 0 ? -rounded : rounded) % scale));
}

/* A number within what is usual, spoilt by the order's mishaps. */
static void put_number(struct sim *s, const struct sim_order *o, struct str form,
                       const struct form_field *f, struct buf *b)
{
    bool low_receipt = (o->mishaps & SIM_LOW_VIABILITY) && str_is(form, "incoming");
    bool short_cells = (o->mishaps & SIM_SHORT_COLLECTION) && str_is(form, "collection");
    bool out = (o->mishaps & SIM_OUT_OF_SPEC) && str_is(form, "tests");
    if (low_receipt && str_is(f->name, "viability")) {
        put_thousandths(b, 55000 + (int64_t)sim_draw(s, 13000), 1);
        return;
    }
    if (short_cells && str_is(f->name, "tnc")) {
        put_thousandths(b, 600 + (int64_t)sim_draw(s, 800), 2);
        return;
    }
    if (out && str_is(f->name, "car")) {
        put_thousandths(b, 4000 + (int64_t)sim_draw(s, 4000), 1);
        return;
    }
    if (str_is(form, "readiness") && str_is(f->name, "weight")) {
        put_thousandths(b, (int64_t)o->weight * 100 + (int64_t)sim_draw(s, 2000) - 1000, 1);
        return;
    }
    for (size_t i = 0; i < USUAL; i++)
        if (str_is(form, usual[i].form) && str_is(f->name, usual[i].field)) {
            uint64_t span = (uint64_t)(usual[i].to - usual[i].from) + 1;
            put_thousandths(b, usual[i].from + (int64_t)sim_draw(s, span), usual[i].decimals);
            return;
        }
    /* Not known here: the middle of what the form expects. */
    if (decimal_present(f->low))
        decimal_write(b, f->low);
    else if (decimal_present(f->min))
        decimal_write(b, f->min);
    else
        buf_z(b, "1");
}

/* The choice of a good day is the form's first, but for what mishaps say. */
static struct str choose(const struct sim_order *o, struct str form, const struct form_field *f)
{
    if (str_is(form, "tests") && str_is(f->name, "mycoplasma") && (o->mishaps & SIM_CONTAMINATION))
        return S("present");
    if (str_is(form, "tests") && str_is(f->name, "sterility"))
        return S("pending");
    if (str_is(form, "disposition") && str_is(f->name, "decision"))
        return S("conditional");
    if (str_is(form, "exception_request") && !(o->mishaps & SIM_EXCEPTION) &&
        str_is(f->name, "requested"))
        return S("no");
    if ((o->mishaps & SIM_STERILITY_FAILS) && str_is(form, "sterility") &&
        str_is(f->name, "sterility"))
        return S("growth");
    if ((o->mishaps & SIM_STERILITY_FAILS) && str_is(form, "final_disposition"))
        return S("failed");
    if (str_is(form, "result_review") && str_is(f->name, "verdict") &&
        (o->mishaps & (SIM_OUT_OF_SPEC | SIM_CONTAMINATION)))
        return S("outside");
    return f->choices.p[0].value;
}

static void put_time(struct sim *s, struct str name, struct buf *b)
{
    int64_t now = env_now(s->options.node->env);
    bool start = str_is(name, "started");
    clock_write(b, start ? now - 3 * TIME_HOUR : now);
}

static void put_value(struct sim *s, const struct sim_order *o, struct str form,
                      const struct form_field *f, struct buf *b)
{
    if (str_is(f->type, "quantity")) {
        put_number(s, o, form, f, b);
    } else if (str_is(f->type, "choice")) {
        buf_str(b, choose(o, form, f));
    } else if (str_is(f->type, "bool")) {
        buf_z(b, "true");
    } else if (str_is(f->type, "time")) {
        put_time(s, f->name, b);
    } else if (str_is(f->type, "date")) {
        char text[CLOCK_TEXT_LENGTH + 1];
        struct buf t = buf_over(text, CLOCK_TEXT_LENGTH);
        bool expiry = str_ends(f->name, S("expiry"));
        clock_write(&t, env_now(s->options.node->env) + (expiry ? 180 * TIME_DAY : 0));
        buf_put(b, text, 10);
    } else if (str_is(f->name, "statement")) {
        buf_z(b, "reviewed; fit for the patient");
    } else if (str_is(f->name, "regimen")) {
        buf_z(b, "fludarabine, cyclophosphamide");
    } else {
        buf_printf(b, "%c%04u", 'A' + (int)sim_draw(s, 26), (unsigned)sim_draw(s, 10000));
    }
}

/* A field once, or in row 1, 2 … What a rule may not ask for is left out; people fill it in. */
static void put_input(struct sim *s, const struct sim_order *o, struct str form,
                      const struct form_field *f, size_t row, struct buf *b)
{
    bool entered = !str_is(f->type, "computed") && !str_is(f->type, "signature") &&
                   !str_is(f->type, "file") && f->shown_when.n == 0;
    if (!entered || (!f->required && !sim_chance(s, 20000)))
        return;
    buf_printf(b, "%s{'name':'%.*s", b->p[b->n - 1] == '[' ? "" : ",", STR(f->name));
    if (row > 0)
        buf_printf(b, ".%zu", row);
    buf_z(b, "','entered':'");
    put_value(s, o, form, f, b);
    buf_z(b, "'}");
}

/* Rows by name are all filled in, others as many as there must be. */
static void put_section(struct sim *s, const struct sim_order *o, struct str form,
                        const struct form_section *section, struct buf *b)
{
    const struct form_repeat *repeat = section->repeat.p;
    size_t rows = section->rows.n;
    if (section->shown_when.n > 0)
        return;
    if (repeat)
        rows = repeat->min == INT_NONE ? 1 : (size_t)repeat->min;
    bool once = !repeat && section->rows.n == 0;
    for (size_t row = 1; row <= (once ? 1 : rows); row++)
        for (size_t i = 0; i < section->fields.n; i++)
            put_input(s, o, form, &section->fields.p[i], once ? 0 : row, b);
}

struct str sim_inputs(struct sim *s, const struct sim_order *o, const struct definition *definition)
{
    const struct form *form = definition->body;
    struct buf b = buf_in(s->arena, 64 << 10);
    buf_z(&b, ",'inputs':[");
    for (size_t i = 0; i < form->fields.n; i++)
        put_input(s, o, definition->name, &form->fields.p[i], 0, &b);
    for (size_t i = 0; i < form->sections.n; i++)
        put_section(s, o, definition->name, &form->sections.p[i], &b);
    buf_z(&b, "]");
    return buf_get(&b);
}

/* --- durations --- */

/* From when a task opens until it is done, in minutes: cryopreserved, and fresh where it differs.
 */
static const struct {
    const char *task;
    int64_t from, to, fresh_from, fresh_to;
} durations[] = {
    { "confirm_eligibility", 1440, 4320, 0, 0 },
    { "collect", 7200, 14400, 0, 0 },
    { "pack_out", 40, 120, 0, 0 },
    { "pick_up", 30, 180, 0, 0 },
    { "offer_to_plant", 360, 1800, 0, 0 },
    { "receive", 15, 90, 0, 0 },
    { "incoming_sample", 40, 200, 0, 0 },
    { "select", 120, 480, 0, 0 },
    { "transduce", 1200, 1560, 0, 0 },
    { "expand", 4300, 4400, 0, 0 },
    { "harvest", 4300, 5800, 0, 0 },
    { "sample_final", 20, 60, 0, 0 },
    { "freeze", 120, 240, 0, 0 },
    { "test", 5000, 9000, 300, 900 },
    { "review_results", 200, 1500, 60, 200 },
    { "review_batch", 600, 2000, 60, 400 },
    { "dispose", 200, 1000, 40, 200 },
    { "request_exception", 240, 1440, 60, 240 },
    { "evaluate_exception", 300, 1200, 60, 240 },
    { "inform_patient", 300, 1440, 60, 240 },
    { "accept_exception", 60, 600, 30, 120 },
    { "supply", 60, 400, 30, 120 },
    { "late_results", 20160, 21600, 0, 0 },
    { "report_failure", 2000, 9000, 0, 0 },
    { "confirm_release", 22000, 24000, 0, 0 },
    { "retrieve", 600, 2400, 0, 0 },
    { "pack_product", 30, 120, 0, 0 },
    { "pick_up_product", 30, 300, 0, 0 },
    { "deliver", 500, 1700, 300, 900 },
    { "receive_product", 15, 90, 0, 0 },
    { "store_product", 15, 60, 0, 0 },
    { "conditioning", 4400, 7200, 1500, 3000 },
    { "readiness", 1000, 2880, 300, 900 },
    { "thaw", 20, 90, 0, 0 },
    { "administer", 15, 50, 0, 0 },
    { "follow_up_28", 40320, 41760, 0, 0 },
};

/* Drawn from the order and the task, not from the run, so that asking twice gives the same. */
int64_t sim_duration(const struct sim_order *o, const char *task)
{
    int64_t from = 60;
    int64_t to = 240;
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++)
        if (strcmp(durations[i].task, task) == 0) {
            bool fresh = o->fresh && durations[i].fresh_to > 0;
            from = fresh ? durations[i].fresh_from : durations[i].from;
            to = fresh ? durations[i].fresh_to : durations[i].to;
        }
    struct id drawn = id_derive(id_str(&o->order), str_z(task), 0);
    struct hash h = hash_of(drawn.text, ID_LENGTH);
    uint64_t number;
    memcpy(&number, h.b, sizeof number);
    int64_t minutes = from + (int64_t)(number % (uint64_t)(to - from + 1));
    if ((o->mishaps & SIM_BEYOND_WINDOW) && strcmp(task, "offer_to_plant") == 0)
        minutes += 75 * 60;
    else if ((o->mishaps & SIM_COURIER_LATE) && strcmp(task, "offer_to_plant") == 0)
        minutes += 20 * 60;
    return minutes * TIME_MINUTE;
}
