/* The report as it must be: made anew from the events by the table of docs/bundle.md, piece by
 * piece, and held against what is there. Nothing is built; the first byte that differs ends it. */
#include "verify/expect.h"

#include <stdlib.h>

enum { MEMBERS_MAX = 12 };

struct row {
    const char *type;
    const char *section;
    const char *members[MEMBERS_MAX];
};
static const struct row rows[] = {
    { "patient.enrolled", "order", { "patient", "organisation", "site", "pseudonym" } },
    { "patient.corrected", "correction", { "patient", "changed" } },
    { "order.prescribed",
      "order",
      { "patient", "product", "product_version", "indication", "jurisdiction", "regime", "weight",
        "dose" } },
    { "order.placed", "order", { "coi", "workflow", "workflow_version" } },
    { "order.patient_corrected", "correction", { "patient", "changed", "named" } },
    { "flow.started", "order", { "workflow", "workflow_version", "workflow_hash", "parties" } },
    { "flow.task_opened", "task", { "task", "title", "stage", "role", "site", "pass" } },
    { "flow.task_done", "task", { "task" } },
    { "flow.moved", "order", { "workflow", "from_version", "version", "hash", "proposed_by" } },
    { "flow.repeated", "order", { "loop", "title", "to", "time", "units" } },
    { "flow.held", "order", { 0 } },
    { "flow.resumed", "order", { 0 } },
    { "flow.ended", "order", { "how", "material", "wish" } },
    { "flow.record_corrected", "correction", { "task", "form", "form_version" } },
    { "flow.correction_reviewed", "correction", { "task", "record", "verdict" } },
    { "flow.entries_differed", "correction", { "task", "number", "fields" } },
    { "flow.signed", "signature", { "task", "record", "place", "meaning", "role" } },
    { "flow.unsigned", "signature", { "task", "record", "place", "signature" } },
    { "sign.countersigned", "signature", { "signature" } },
    { "sign.withdrawn", "signature", { "signature" } },
    { "sign.rejected", "signature", { "signature" } },
    { "unit.made",
      "unit",
      { "unit", "label", "kind", "task", "pass", "din", "product_code", "quantity", "organisation",
        "site", "parents" } },
    { "unit.reduced", "unit", { "unit", "by", "left", "how", "child" } },
    { "unit.ended", "unit", { "unit", "how", "left" } },
    { "unit.reconciled",
      "unit",
      { "unit", "task", "act", "taken", "made", "loss", "difference", "tolerance" } },
    { "identity.checked",
      "check",
      { "task", "point", "result", "method", "expected", "read", "units", "second", "complete",
        "counts", "has_role", "pass" } },
    { "identity.voided", "check", { "point", "task" } },
    { "identity.disclosed", "disclosure", { "patient", "to" } },
    { "custody.offered",
      "custody",
      { "unit", "from_organisation", "from_site", "to_organisation", "to_site", "container",
        "seals" } },
    { "custody.accepted",
      "custody",
      { "unit", "from_organisation", "from_site", "organisation", "site", "giver", "container",
        "seals" } },
    { "custody.declined", "custody", { "unit" } },
    { "custody.withdrawn", "custody", { "unit" } },
    { "custody.refused",
      "custody",
      { "unit", "organisation", "site", "container", "seals", "deviation" } },
    { "clinic.thawed", "act", { "task", "unit", "site", "until" } },
    { "clinic.given", "act", { "task", "unit", "site" } },
    { "clinic.finished", "act", { "unit", "volume", "safe", "last" } },
    { "clinic.thaw_expired", "act", { "unit" } },
    { "stop.raised",
      "stop",
      { "point", "safe_state", "expected", "read", "organisation", "site", "respond_by",
        "things" } },
    { "stop.resolved", "stop", { "decision", "by" } },
    { "stop.thing_ended", "stop", { "thing" } },
    { "stop.escalated", "stop", { "step", "role", "organisation", "site" } },
    { "deviation.opened",
      "deviation",
      { "deviation", "number", "unit", "organisation", "site", "kind", "risk" } },
    { "deviation.closed", "deviation", { "deviation", "cause" } },
    { "account.made", "name", { "account", "name" } },
    { "site.made", "name", { "site", "name" } },
    { "organisation.made", "name", { "organisation", "name" } },
};

/* Members that are there, each with its name, separated. */
static void expect_members(struct verify_expecting *r, struct str object, const char *const *names,
                           size_t n, bool first)
{
    for (size_t i = 0; i < n && names[i]; i++) {
        struct str raw;
        if (!verify_member(r->s, object, str_z(names[i]), &raw))
            continue;
        verify_expect_z(r, first ? "\"" : ",\"");
        verify_expect_z(r, names[i]);
        verify_expect_z(r, "\":");
        verify_expect(r, raw);
        first = false;
    }
}

static const struct row *row_of(struct str type)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (str_is(type, rows[i].type))
            return &rows[i];
    return NULL;
}

static void expect_opened(struct verify_expecting *r, const struct verify_told *told)
{
    if (told->nopened == 0)
        return;
    verify_expect_z(r, ",\"opened\":{");
    for (size_t i = 0; i < told->nopened; i++) {
        verify_expect_z(r, i > 0 ? "," : "");
        verify_expect_string(r, told->opened[i].path);
        verify_expect_z(r, ":");
        verify_expect_string(r, told->opened[i].text);
    }
    verify_expect_z(r, "}");
}

static void expect_statement(struct verify_expecting *r, const struct verify_told *told,
                             const struct row *row, bool first)
{
    static const char *const envelope[] = { "type",  "stream", "happened", "recorded",
                                            "actor", "device", "place",    "signature" };
    struct str payload = S("{}");
    (void)verify_member(r->s, told->leaf, S("payload"), &payload);
    verify_expect_z(r, first ? "{\"event\":" : ",{\"event\":");
    verify_expect_number(r, told->index);
    verify_expect_z(r, ",\"section\":");
    verify_expect_string(r, str_z(row->section));
    expect_members(r, told->leaf, envelope, sizeof envelope / sizeof envelope[0], false);
    verify_expect_z(r, ",\"said\":{");
    expect_members(r, payload, row->members, MEMBERS_MAX, true);
    verify_expect_z(r, "}");
    expect_opened(r, told);
    verify_expect_z(r, "}");
}

static void expect_head(struct verify_expecting *r, const struct verify_claims *c)
{
    verify_expect_z(r, "{\"format\":\"vein.coi/1\",\"order\":");
    verify_expect_string(r, c->order);
    verify_expect_z(r, ",\"log\":");
    verify_expect_string(r, c->origin);
    verify_expect_z(r, ",\"size\":");
    verify_expect_number(r, c->size);
    verify_expect_z(r, ",\"root\":");
    verify_expect_string(r, c->root);
    verify_expect_z(r, ",\"statements\":[");
}

bool verify_claims_hold(const struct verify_claims *c, struct str report, struct verify_scanner *s,
                        int64_t *event)
{
    struct verify_expecting r = { report, s };
    bool first = true;
    *event = -1;
    expect_head(&r, c);
    for (size_t i = 0; i < c->n && r.rest.p; i++) {
        struct str type;
        const struct row *row;
        if (!verify_member_text(s, c->events[i].leaf, "type", &type) || !(row = row_of(type)))
            continue;
        expect_statement(&r, &c->events[i], row, first);
        first = false;
        if (!r.rest.p)
            *event = (int64_t)c->events[i].index;
    }
    verify_expect_z(&r, "]}\n");
    return r.rest.p && r.rest.n == 0;
}

bool verify_belongs(const struct verify_leaf *leaf, const char *order, const char *patient,
                    bool audit)
{
    if (audit && str_starts(leaf->stream, S("definition/")))
        return true;
    if (str_is(leaf->key, order) || str_is(leaf->stream, patient))
        return true;
    return leaf->version == 1 &&
           (str_starts(leaf->stream, S("account/")) || str_starts(leaf->stream, S("site/")) ||
            str_starts(leaf->stream, S("organisation/")));
}

struct str verify_copy(struct str s)
{
    char *p = malloc(s.n + 1);
    if (p) {
        memcpy(p, s.p, s.n);
        p[s.n] = '\0';
    }
    return (struct str){ p, p ? s.n : 0 };
}
