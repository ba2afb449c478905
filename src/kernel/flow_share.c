/* The matrix of parts looked up. */
#include "kernel/flow_share.h"

#include "kernel/flow_impl.h"

#define NAME S("parts")

static enum outcome sharing_check(const struct define_context *context, const void *body,
                                  struct err *e)
{
    const struct sharing *s = body;
    for (size_t i = 0; i < s->shares.n; i++)
        for (size_t k = 0; k < i; k++)
            if (str_eq(s->shares.p[i].part, s->shares.p[k].part))
                return REFUSE(e, "flow.part_twice", { "part", s->shares.p[i].part },
                              { "at", arena_printf(context->arena, "shares.%zu.part", i) });
    return OK;
}

const struct define_kind sharing_kind = {
    .name = "sharing",
    .shape = &sharing_record,
    .check = sharing_check,
};

enum outcome flow_sharing_find(const struct sharing **out, struct db *db, int64_t at_us,
                               struct arena *arena, struct err *e)
{
    struct definition d;
    bool found = false;
    *out = NULL;
    if (define_kind_find(S("sharing")))
        TRY(define_find(&d, db, S("sharing"), NAME, 0, at_us ? at_us : INT64_MAX, arena, &found,
                        e));
    if (found)
        *out = d.body;
    return OK;
}

static const struct flow_share *share_of(const struct flow_share *shares, size_t n, struct str part)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(shares[i].part, part))
            return &shares[i];
    return NULL;
}

static bool lists(const struct str *words, size_t n, struct str word)
{
    return str_among(word, words, n) || str_among(S("*"), words, n);
}

/* What is asked of a row. */
enum asked { RECORDS, TASKS, UNITS, SEES, DOES };

static bool row_has(const struct flow_share *row, enum asked what, struct str word, bool *says)
{
    const struct {
        const struct str *p;
        size_t n;
    } lists_of[] = {
        [RECORDS] = { row->records.p, row->records.n }, [TASKS] = { row->tasks.p, row->tasks.n },
        [UNITS] = { row->units.p, row->units.n },       [SEES] = { row->sees.p, row->sees.n },
        [DOES] = { row->does.p, row->does.n },
    };
    *says = lists_of[what].n > 0;
    return lists(lists_of[what].p, lists_of[what].n, word);
}

/* Without a definition. */
static bool undefined_has(struct str part, enum asked what, struct str word)
{
    static const char *const seen[] = { "custody", "patient", "identity", "plan" };
    if (str_eq(part, FLOW_PRESCRIBER) || what == UNITS || what == DOES)
        return true;
    for (size_t i = 0; what == SEES && i < sizeof seen / sizeof seen[0]; i++)
        if (str_is(word, seen[i]))
            return true;
    return false;
}

/* The definition's row gives; a workflow's row that speaks of it takes away what it does not name.
 */
static bool part_has(const struct sharing *sharing, const struct workflow *w, struct str part,
                     enum asked what, struct str word)
{
    const struct flow_share *given =
        sharing ? share_of(sharing->shares.p, sharing->shares.n, part) : NULL;
    const struct flow_share *narrowed = w ? share_of(w->shares.p, w->shares.n, part) : NULL;
    bool says;
    bool has =
        given ? row_has(given, what, word, &says) : !sharing && undefined_has(part, what, word);
    if (!has || !narrowed)
        return has;
    has = row_has(narrowed, what, word, &says);
    return has || !says;
}

static bool any_has(const struct flow_sight *s, enum asked what, struct str word)
{
    for (size_t i = 0; i < s->nparts; i++)
        if (part_has(s->sharing, s->workflow, s->parts[i], what, word))
            return true;
    return false;
}

bool flow_sees(const struct flow_sight *s, const char *what)
{
    return any_has(s, SEES, str_z(what));
}

bool flow_sees_unit(const struct flow_sight *s, struct str kind)
{
    return any_has(s, UNITS, kind);
}

bool flow_sees_record(const struct flow_sight *s, const struct flow_task *task)
{
    return str_among(task->part, s->parts, s->nparts) || any_has(s, RECORDS, task->part) ||
           any_has(s, TASKS, task->name);
}

bool flow_does(const struct flow_sight *s, struct str command)
{
    return any_has(s, DOES, command);
}

bool flow_part_does(const struct sharing *sharing, const struct workflow *w, struct str part,
                    struct str command)
{
    return part_has(sharing, w, part, DOES, command);
}

bool flow_part_sees(const struct sharing *sharing, const struct workflow *w, struct str part,
                    const char *what)
{
    return part_has(sharing, w, part, SEES, str_z(what));
}

bool flow_part_sees_unit(const struct sharing *sharing, const struct workflow *w, struct str part,
                         struct str kind)
{
    return part_has(sharing, w, part, UNITS, kind);
}

static void stands_at(struct flow_sight *out, const struct actor *actor,
                      const struct flow_party *party)
{
    if (out->nparts < FLOW_SIGHT_MAX && !str_among(party->part, out->parts, out->nparts) &&
        actor_may(actor, S("order.see"), party->organisation, party->site))
        out->parts[out->nparts++] = party->part;
}

enum outcome flow_sight_read(struct flow_sight *out, struct db *db, const struct flow_view *v,
                             const struct actor *actor, const struct flow_party *prescriber,
                             struct err *e)
{
    *out = (struct flow_sight){ .workflow = v->found ? v->workflow : NULL };
    TRY(flow_sharing_find(&out->sharing, db, actor->at_us, v->arena, e));
    for (size_t i = 0; v->found && i < v->nparties; i++)
        stands_at(out, actor, &v->parties[i]);
    if (prescriber)
        stands_at(out, actor, prescriber);
    return OK;
}
