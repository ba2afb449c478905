/* The rules looked up for one act. */
#include "kernel/sign_strength.h"

#include <stdlib.h>

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

static struct {
    const struct module *const *p;
    size_t n;
} known;

void sign_strength_use(const struct module *const *modules, size_t n)
{
    known.p = modules;
    known.n = n;
}

static bool is_signed_command(struct str name)
{
    for (size_t i = 0; i < known.n; i++)
        for (size_t k = 0; k < known.p[i]->ncommands; k++)
            if (str_is(name, known.p[i]->commands[k]->name))
                return (known.p[i]->commands[k]->flags & COMMAND_SIGNED) != 0;
    return false;
}

/* Roles and words of criticality are data: any may come. */
static bool act_known(struct str act)
{
    struct str name = act;
    const struct str kind = str_cut(&name, '.');
    if (str_is(kind, "command"))
        return is_signed_command(name);
    if (str_is(kind, "meaning"))
        return sign_meaning_known(name);
    return (str_is(kind, "role") || str_is(kind, "criticality")) && name.n > 0;
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
            if (!act_known(r->of.p[k]))
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

/* --- in force --- */

enum { RULES_ARENA_MAX = 64 << 20, KEY_MAX = DEFINE_EFFECTIVE_MAX * 160 };

struct sign_rules {
    struct arena *arena;
    bool read;
    struct hash key; /* over names, versions and hashes of what was read */
    const struct definition *p;
    size_t n;
};

enum outcome sign_rules_new(struct sign_rules **out, struct err *e)
{
    struct sign_rules *r = calloc(1, sizeof *r);
    if (!r)
        return err_no_memory(e);
    r->arena = arena_new(RULES_ARENA_MAX);
    if (!r->arena) {
        free(r);
        return err_no_memory(e);
    }
    *out = r;
    return OK;
}

void sign_rules_free(struct sign_rules *r)
{
    if (!r)
        return;
    arena_free(r->arena);
    free(r);
}

static enum outcome key_now(struct hash *out, struct db *db, int64_t now_us, struct arena *arena,
                            struct err *e)
{
    const struct define_in_force_in in = { S("signing"), now_us };
    struct record_list list;
    TRY(db_list(db, &sql_define_in_force, &in, &list, DEFINE_EFFECTIVE_MAX, arena, e));
    const struct define_in_force_out *row = list.p;
    struct buf b = buf_in(arena, KEY_MAX);
    for (size_t i = 0; i < list.n; i++)
        buf_printf(&b, "%.*s %lld %.*s\n", STR(row[i].name), (long long)row[i].version,
                   STR(row[i].hash));
    TRY(buf_check(&b, e));
    *out = hash_of(b.p, b.n);
    return OK;
}

/* Those in force now, bound again only where they are others than the last time. */
static enum outcome rules_read(struct sign_rules *r, struct db *db, int64_t now_us,
                               struct arena *arena, struct err *e)
{
    struct hash key;
    TRY(key_now(&key, db, now_us, arena, e));
    if (r->read && hash_eq(key, r->key))
        return OK;
    r->read = false;
    arena_reset(r->arena);
    TRY(define_effective(&r->p, &r->n, db, S("signing"), now_us, r->arena, e));
    r->key = key;
    r->read = true;
    return OK;
}

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

enum outcome sign_needed(enum sign_strength *out, struct sign_rules *rules,
                         const struct sign_act *act, struct db *db, int64_t now_us,
                         struct arena *arena, struct err *e)
{
    *out = SIGN_PASSWORD;
    if (!define_kind_find(S("signing")))
        return OK;
    TRY(rules_read(rules, db, now_us, arena, e));
    for (size_t i = 0; i < rules->n; i++) {
        const struct signing *s = rules->p[i].body;
        for (size_t k = 0; k < s->rules.n; k++) {
            enum sign_strength strength;
            if (falls_under(&s->rules.p[k], act->shown, act->what) &&
                strength_read(&strength, s->rules.p[k].strength) && strength > *out)
                *out = strength;
        }
    }
    return OK;
}
