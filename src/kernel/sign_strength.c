/* The rules looked up for one act. */
#include "kernel/sign_strength.h"

#define RECORDS "kernel/sign_strength.def"
#include "base/record_tables.h"
#undef RECORDS

static bool strength_read(enum sign_strength *out, struct str word)
{
    for (enum sign_strength s = SIGN_PASSWORD; s <= SIGN_TOKEN; s++)
        if (str_is(word, sign_strength_name(s))) {
            *out = s;
            return true;
        }
    return false;
}

static bool act_well_formed(struct str act)
{
    static const char *const kinds[] = { "command.", "meaning.", "role.", "criticality." };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (str_starts(act, str_z(kinds[i])) && act.n > strlen(kinds[i]))
            return true;
    return false;
}

static enum outcome signing_check(const struct define_context *context, const void *body,
                                  struct err *e)
{
    const struct signing *s = body;
    struct arena *a = context->arena;
    for (size_t i = 0; i < s->rules.n; i++) {
        const struct signing_rule *r = &s->rules.p[i];
        enum sign_strength ignored;
        if (!strength_read(&ignored, r->strength))
            return REFUSE(e, "signing.unknown_strength", { "strength", r->strength },
                          { "at", arena_printf(a, "rules.%zu.strength", i) });
        for (size_t k = 0; k < r->of.n; k++)
            if (!act_well_formed(r->of.p[k]))
                return REFUSE(e, "signing.unknown_act", { "act", r->of.p[k] },
                              { "at", arena_printf(a, "rules.%zu.of.%zu", i, k) });
    }
    return OK;
}

const struct define_kind signing_kind = {
    .name = "signing",
    .shape = &signing_record,
    .check = signing_check,
};

static bool is_act(const struct sign_shown *shown, const struct sign_what *what, struct str act)
{
    struct str name = act;
    const struct str kind = str_cut(&name, '.');
    const struct str of = str_is(kind, "command")   ? shown->command
                          : str_is(kind, "meaning") ? shown->meaning
                          : str_is(kind, "role")    ? what->role
                                                    : what->criticality;
    return of.p && str_eq(of, name);
}

static bool falls_under(const struct signing_rule *r, const struct sign_shown *shown,
                        const struct sign_what *what)
{
    for (size_t i = 0; i < r->of.n; i++)
        if (is_act(shown, what, r->of.p[i]))
            return true;
    return false;
}

enum outcome sign_needed(enum sign_strength *out, struct db *db, const struct sign_shown *shown,
                         const struct sign_what *what, int64_t now_us, struct arena *arena,
                         struct err *e)
{
    const struct definition *d;
    size_t n = 0;
    *out = SIGN_PASSWORD;
    if (!define_kind_find(S("signing")))
        return OK;
    TRY(define_effective(&d, &n, db, S("signing"), now_us, arena, e));
    for (size_t i = 0; i < n; i++) {
        const struct signing *s = d[i].body;
        for (size_t k = 0; k < s->rules.n; k++) {
            enum sign_strength strength;
            if (falls_under(&s->rules.p[k], shown, what) &&
                strength_read(&strength, s->rules.p[k].strength) && strength > *out)
                *out = strength;
        }
    }
    return OK;
}
