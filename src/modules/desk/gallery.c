/* Made-up data for the gallery; see gallery.h. */
#include "modules/desk/gallery.h"

#include "gen/desk/pages/gallery.html.h"

enum { FORM_HTML_MAX = 256 << 10 };

static const char *const colours[GALLERY_COLOURS] = {
    "ground", "surface",       "sunken",      "line",        "edge",      "text",
    "soft",   "accent",        "ok",          "ok-ground",   "warn",      "warn-ground",
    "stop",   "accent-ground", "stop-ground", "accent-text", "stop-text",
};
static const char *const icons[GALLERY_ICONS] = {
    "vein",   "done",   "now",  "next",   "stop",  "warn",   "ok",    "clock", "hold", "end",
    "orders", "work",   "unit", "scan",   "hand",  "ledger", "form",  "snow",  "bell", "person",
    "lock",   "search", "out",  "camera", "light", "cross",  "phone", "map",
};

static const struct table_column columns[] = {
    { .name = "number", .fixed = true },
    { .name = "risk", .sorts = true },
    { .name = "opened", .sorts = true, .back = true },
};
static const struct table sample_table = {
    .name = "help/gallery",
    .columns = columns,
    .n = 3,
    .first = 2,
};

/* One field of each type, one of each state. It is data, as a definition is. */
static const char sample[] =
    "kind: form\n"
    "name: gallery\n"
    "version: 1\n"
    "title: Leukapheresis\n"
    "effective: 2026-01-01T00:00:00Z\n"
    "instructions: Fill this in at the bedside.\n"
    "fields:\n"
    "  - { name: volume, label: Volume, type: quantity, unit: mL, min: 1, max: 600, required: true "
    "}\n"
    "  - { name: cells, label: Viable cells, type: quantity, unit: '%', low: 70 }\n"
    "  - { name: share, label: Half of it, type: computed, unit: mL, formula: volume / 2 }\n"
    "  - { name: bag, label: Bag, type: scan, required: true }\n"
    "  - { name: remark, label: Remark, type: text, length: 400, help: What else was seen }\n"
    "  - { name: clear, label: Clear, type: bool, required: true }\n"
    "  - name: colour\n"
    "    label: Colour\n"
    "    type: choice\n"
    "    choices: [{ value: red, label: Red }, { value: dark, label: Dark }, { value: pale, label: "
    "Pale }]\n"
    "  - { name: day, label: Day, type: date }\n"
    "  - { name: begun, label: Begun, type: time }\n"
    "  - { name: picture, label: Picture, type: file, media: [image/png], size: 1000000 }\n"
    "sections:\n"
    "  - name: tubes\n"
    "    title: Tubes\n"
    "    rows: [First, Second]\n"
    "    table: true\n"
    "    fields:\n"
    "      - { name: drawn, label: Drawn, type: quantity, unit: mL, max: 10 }\n"
    "      - { name: good, label: Good, type: bool }\n";

static enum outcome form_html(struct html *out, struct page *p, const struct definition *form,
                              struct err *e)
{
    static const struct record_pair wrong[] = {
        { S("volume"), S("900") },
        { S("cells"), S("61.5") },
        { S("remark"), S("It took longer than planned.") },
        { S("colour"), S("pale") },
    };
    const struct form_filling in = {
        .form = form,
        .inputs = wrong,
        .ninputs = sizeof wrong / sizeof wrong[0],
    };
    struct form_filled filled = { 0 };
    struct err ignored = { 0 };
    struct page part = *p;
    struct buf b = buf_in(p->b->arena, FORM_HTML_MAX);
    part.b = &b;
    if (form_fill(&filled, &in, p->b->arena, &ignored) == FAULT) {
        *e = ignored;
        return FAULT;
    }
    form_render(&part, &in, filled.problems, filled.nproblems, p->b->arena);
    TRY(buf_check(&b, e));
    out->markup = buf_get(&b);
    return OK;
}

static void order_sample(struct desk_order *o, struct page *p, size_t at, enum show_tone tone,
                         const char *word)
{
    static const char *const stages[] = { "collection", "manufacture", "release", "delivery",
                                          "administration" };
    static const char *const ids[] = { "VC-K87D-58CW-8QH8-KL", "VC-4VD6-EM72-9W7X-JH",
                                       "VC-DR88-J9CW-45JR-22", "VC-47C5-6WXJ-Y47N-IA" };
    o->id = S("gallery");
    o->row.coi = str_z(ids[at]);
    o->patient.by_name = at % 2 == 0;
    o->patient.name = at % 2 == 0 ? S("Amberley, Ada") : S("P-62H47V");
    o->patient.born = at % 2 == 0 ? S("(F, 1961-02-03)") : S("");
    o->product = S("Corvicel");
    o->tone = tone;
    o->word = text_find(p->language, str_z(word));
    o->nstages = sizeof stages / sizeof stages[0];
    for (size_t i = 0; i < o->nstages; i++) {
        o->stages[i].title = show_name(p, "stage", str_z(stages[i]));
        o->stages[i].state = i < at + 1 ? DESK_DONE : i == at + 1 ? DESK_NOW : DESK_NEXT;
        o->stages[i].edge = i == at || i == at + 2;
    }
    o->stage = at + 1;
    o->stop.standing = tone == SHOW_STOP;
}

/* As it was, likely is, is to be by limits, and nothing known: planned a day apart. */
static void row_sample(struct desk_tower_row *x, struct page *p, const struct gallery_view *v,
                       size_t at)
{
    static const char *const dates[DESK_MILESTONES] = { "collection", "receipt", "release",
                                                        "delivery", "infusion" };
    static const enum flow_moment_kind kinds[] = { FLOW_DONE, FLOW_FORECAST, FLOW_BY_LIMITS,
                                                   FLOW_UNKNOWN };
    static const struct flow_task next = { .title = { "Complete", 8 } };
    static const struct flow_open_task open = { .due = TIME_NONE };
    const int64_t day = v->dated;
    *x = (struct desk_tower_row){ .row = &v->lines[at], .o = v->orders[at], .sees_plan = true };
    x->o.next = &next;
    x->o.next_open = &open;
    x->owner = show_name(p, "role", S("operator"));
    x->viability = v->left[at + 1];
    for (size_t i = 0; i < DESK_MILESTONES; i++) {
        const size_t kind = i < at ? 0 : at < 3 ? 1 : i - at < 3 ? i - at + 1 : 3;
        x->outlook.milestones[i] = (struct desk_milestone){
            .what = str_z(dates[i]),
            .planned = day + (int64_t)i * 7 * TIME_DAY,
            .moment = { kinds[kind], day + (int64_t)(i * 7 + at) * TIME_DAY,
                        day + (int64_t)(i * 7 + at) * TIME_DAY,
                        day + (int64_t)(i * 8 + at) * TIME_DAY },
            .next = i == at,
        };
    }
    if (at > 0)
        x->risk =
            (struct desk_risk){ at == 2 ? DESK_RISK_HIGH : DESK_RISK_WATCH, v->orders[at].word };
}

/* At the third of five steps: two are behind it. */
static void rail_sample(struct desk_task_view *v, struct page *p)
{
    static const char *const points[] = { "receipt_at_treatment_site", "before_thaw",
                                          "patient_at_collection", "label_at_chair",
                                          "handover_to_courier" };
    enum { STEPS = sizeof points / sizeof points[0], PRESENT = 2 };
    static const struct flow_task task = { .name = { "sample", 6 } };
    v->steps = ARENA_ARRAY(p->b->arena, STEPS, struct desk_task_step);
    v->nsteps = v->steps ? STEPS : 0;
    v->task = &task;
    v->o.id = S("sample");
    v->now = v->at = PRESENT;
    for (size_t i = 0; i < v->nsteps; i++)
        v->steps[i] = (struct desk_task_step){ .key = str_z(points[i]),
                                               .name = show_name(p, "point", str_z(points[i])),
                                               .done = i < PRESENT };
}

static enum outcome gallery(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    static const struct {
        enum show_tone tone;
        const char *word;
    } tones[GALLERY_TONES] = {
        { SHOW_OK, "order_state.running" }, { SHOW_INFO, "page.task.second_waits" },
        { SHOW_WARN, "order_state.late" },  { SHOW_STOP, "order_state.stopped" },
        { SHOW_HOLD, "order_state.held" },  { SHOW_IDLE, "page.task.not_yet" },
    };
    static const int64_t left[GALLERY_TONES] = {
        9 * TIME_DAY,     30 * TIME_HOUR,   5 * TIME_HOUR,
        40 * TIME_MINUTE, 50 * TIME_SECOND, -2 * TIME_HOUR
    };
    const struct define_context context = { .db = db, .arena = r->arena, .now_us = p->now_us };
    struct gallery_view *v = ARENA_NEW(r->arena, struct gallery_view);
    struct definition form;
    struct err refused = { 0 };
    if (!v)
        return err_no_memory(e);
    v->colours = colours;
    v->icons = icons;
    v->alike = S("0O 1Il 5S 8B 2Z");
    v->hash = S("2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae");
    v->weight = page_quantity(p, (struct quantity){ decimal_of(71), S("kg") }, r->arena);
    v->people[0] = S("Ada Amberley");
    v->people[1] = S("Ben Birkhout");
    v->dated = INT64_C(1795426200) * TIME_SECOND; /* 2026-11-23, so that pictures stay the same */
    for (size_t i = 0; i < GALLERY_TONES; i++) {
        v->tones[i] =
            (struct gallery_tone){ tones[i].tone, text_find(p->language, str_z(tones[i].word)) };
        v->left[i] = p->now_us + left[i];
    }
    for (size_t i = 0; i < GALLERY_ORDERS; i++) {
        static const size_t of[GALLERY_ORDERS] = { 0, 2, 3, 4 };
        order_sample(&v->orders[i], p, i, tones[of[i]].tone, tones[of[i]].word);
        v->lines[i].order_id = v->orders[i].row.coi;
        row_sample(&v->rows[i], p, v, i);
    }
    rail_sample(&v->task, p);
    table_ask(&v->table, p, r, &sample_table, S(""));
    TRY(define_read(&form, &context, str_z(sample), e));
    TRY(form_html(&v->form, p, &form, e));
    gallery_charts(v, p);
    (void)REFUSE(&refused, "custody.not_offered", { "label", S("U-8QH8") });
    v->refused = show_error(p, r, &refused);
    page_gallery(p, v);
    return OK;
}

enum http_state desk_get_gallery(struct http_request *r)
{
    return show(r, "gallery.title", gallery);
}
