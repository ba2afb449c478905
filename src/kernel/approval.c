/* The table of approvals: a definition, so that it changes as what it rules over does. */
#include "kernel/draft.h"

#define RECORDS "kernel/approval.def"
#include "base/record_tables.h"
#undef RECORDS

static bool names(const struct approval_rule *rule, struct str kind)
{
    return str_among(kind, rule->kinds.p, rule->kinds.n);
}

/* A kind stands once; and the table itself can be approved, else nothing could change it again. */
static enum outcome approval_check(const struct define_context *context, const void *body,
                                   struct err *e)
{
    const struct approval *table = body;
    bool itself = false;
    for (size_t i = 0; i < table->rules.n; i++) {
        const struct approval_rule *rule = &table->rules.p[i];
        for (size_t k = 0; k < rule->kinds.n; k++) {
            const struct str kind = rule->kinds.p[k];
            const struct str at = arena_printf(context->arena, "rules.%zu.kinds.%zu", i, k);
            if (!define_kind_find(kind))
                return REFUSE(e, "approval.unknown_kind", { "kind", kind }, { "at", at });
            bool twice = str_among(kind, rule->kinds.p, k);
            for (size_t j = 0; j < i; j++)
                twice |= names(&table->rules.p[j], kind);
            if (twice)
                return REFUSE(e, "approval.kind_twice", { "kind", kind }, { "at", at });
        }
        itself |= names(rule, S(DEFINE_APPROVALS_KIND));
    }
    return itself ? OK : REFUSE(e, "approval.not_itself", { "at", S("rules") });
}

const struct define_kind approval_kind = {
    .name = DEFINE_APPROVALS_KIND,
    .shape = &approval_record,
    .check = approval_check,
};

enum outcome approval_find(const struct approval_rule **out, int64_t *version, struct db *db,
                           struct str kind, int64_t at_us, struct arena *arena, struct err *e)
{
    struct definition d;
    bool found = false;
    *out = NULL;
    *version = 0;
    if (define_kind_find(S(DEFINE_APPROVALS_KIND)) == &approval_kind)
        TRY(define_find(&d, db, S(DEFINE_APPROVALS_KIND), S(DEFINE_APPROVALS), 0, at_us, arena,
                        &found, e));
    if (!found)
        return OK;
    const struct approval *table = d.body;
    *version = d.version;
    for (size_t i = 0; i < table->rules.n && !*out; i++)
        if (names(&table->rules.p[i], kind))
            *out = &table->rules.p[i];
    return OK;
}
