/* The report as it must be: made anew from the events by the table of docs/bundle.md, piece by
 * piece, and held against what is there. Nothing is built; the first byte that differs ends it. */
#include "verify/bundle.h"

#include <stdio.h>
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

/* What is left of the report; p is NULL once it differed. */
struct reading {
    struct str rest;
    struct verify_scanner *s;
};

static void expect(struct reading *r, struct str piece)
{
    if (r->rest.p && str_starts(r->rest, piece))
        r->rest = str_from(r->rest, piece.n);
    else
        r->rest.p = NULL;
}

static void expect_z(struct reading *r, const char *piece)
{
    expect(r, str_z(piece));
}

static void expect_number(struct reading *r, uint64_t number)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    expect_z(r, digits);
}

/* The letter behind the backslash; NUL: none. */
static char short_escape(char c)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *at = c ? strchr(from, c) : NULL;
    return at ? to[at - from] : '\0';
}

/* As canonical JSON writes a string. */
static void expect_string(struct reading *r, struct str text)
{
    expect_z(r, "\"");
    for (size_t i = 0; i < text.n && r->rest.p; i++) {
        const char c = text.p[i];
        const char letter = short_escape(c);
        char piece[8];
        if (letter)
            snprintf(piece, sizeof piece, "\\%c", letter);
        else if ((unsigned char)c < 0x20)
            snprintf(piece, sizeof piece, "\\u%04x", (unsigned)(unsigned char)c);
        else
            snprintf(piece, sizeof piece, "%c", c);
        expect_z(r, piece);
    }
    expect_z(r, "\"");
}

/* Members that are there, each with its name, separated. */
static void expect_members(struct reading *r, struct str object, const char *const *names, size_t n,
                           bool first)
{
    for (size_t i = 0; i < n && names[i]; i++) {
        struct str raw;
        if (!verify_member(r->s, object, str_z(names[i]), &raw))
            continue;
        expect_z(r, first ? "\"" : ",\"");
        expect_z(r, names[i]);
        expect_z(r, "\":");
        expect(r, raw);
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

static void expect_opened(struct reading *r, const struct verify_told *told)
{
    if (told->nopened == 0)
        return;
    expect_z(r, ",\"opened\":{");
    for (size_t i = 0; i < told->nopened; i++) {
        expect_z(r, i > 0 ? "," : "");
        expect_string(r, told->opened[i].path);
        expect_z(r, ":");
        expect_string(r, told->opened[i].text);
    }
    expect_z(r, "}");
}

static void expect_statement(struct reading *r, const struct verify_told *told,
                             const struct row *row, bool first)
{
    static const char *const envelope[] = { "type",  "stream", "happened", "recorded",
                                            "actor", "device", "place",    "signature" };
    struct str payload = S("{}");
    (void)verify_member(r->s, told->leaf, S("payload"), &payload);
    expect_z(r, first ? "{\"event\":" : ",{\"event\":");
    expect_number(r, told->index);
    expect_z(r, ",\"section\":");
    expect_string(r, str_z(row->section));
    expect_members(r, told->leaf, envelope, sizeof envelope / sizeof envelope[0], false);
    expect_z(r, ",\"said\":{");
    expect_members(r, payload, row->members, MEMBERS_MAX, true);
    expect_z(r, "}");
    expect_opened(r, told);
    expect_z(r, "}");
}

static void expect_head(struct reading *r, const struct verify_claims *c)
{
    expect_z(r, "{\"format\":\"vein.coi/1\",\"order\":");
    expect_string(r, c->order);
    expect_z(r, ",\"log\":");
    expect_string(r, c->origin);
    expect_z(r, ",\"size\":");
    expect_number(r, c->size);
    expect_z(r, ",\"root\":");
    expect_string(r, c->root);
    expect_z(r, ",\"statements\":[");
}

bool verify_claims_hold(const struct verify_claims *c, struct str report, struct verify_scanner *s,
                        int64_t *event)
{
    struct reading r = { report, s };
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
    expect_z(&r, "]}\n");
    return r.rest.p && r.rest.n == 0;
}

bool verify_belongs(const struct verify_leaf *leaf, const char *order, const char *patient)
{
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
