/* report.json: what the order's events say, statement by statement, in the order of the log. The
 * verifier makes the same of the same events by a table of its own and compares byte for byte. */
#include "modules/desk/coi.h"

static const struct desk_coi_row rows[] = {
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

const struct desk_coi_row *desk_coi_row_of(struct str type)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (str_is(type, rows[i].type))
            return &rows[i];
    return NULL;
}

static void put_member(struct json_out *out, const char *name, const struct json *value)
{
    if (!value)
        return;
    json_key(out, name);
    json_raw(out, value->raw);
}

/* Envelope: as the leaf says it, in its words. */
static void put_envelope(struct json_out *out, const struct json *leaf)
{
    static const char *const members[] = { "type",  "stream", "happened", "recorded",
                                           "actor", "device", "place",    "signature" };
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        put_member(out, members[i], json_get(leaf, members[i]));
}

static enum outcome statement(struct json_out *out, const struct desk_coi_event *x,
                              struct arena *scratch, struct err *e)
{
    const struct json *leaf;
    arena_reset(scratch);
    TRY(json_read(&leaf, scratch, x->leaf, &json_limits_default, e));
    const struct json *body = json_get(leaf, "payload");
    json_begin_object(out);
    json_key(out, "event");
    json_int(out, x->sequence);
    json_key(out, "section");
    json_str(out, str_z(x->row->section));
    put_envelope(out, leaf);
    json_key(out, "said");
    json_begin_object(out);
    for (size_t i = 0; i < DESK_COI_MEMBERS_MAX && x->row->members[i]; i++)
        put_member(out, x->row->members[i], json_get(body, x->row->members[i]));
    json_end(out);
    if (x->nopened > 0) {
        json_key(out, "opened");
        json_begin_object(out);
        for (size_t i = 0; i < x->nopened; i++) {
            json_key_str(out, x->opened[i].path);
            json_str(out, x->opened[i].text);
        }
        json_end(out);
    }
    json_end(out);
    return OK;
}

enum outcome desk_coi_report(struct buf *out, const struct desk_coi *c, struct err *e)
{
    char root[HASH_SIZE * 2] = { 0 };
    struct buf base64 = buf_over(root, sizeof root);
    struct arena *scratch = arena_new(16 << 20);
    struct json_out json = json_out(out);
    enum outcome o = OK;
    if (!scratch)
        return err_no_memory(e);
    buf_base64(&base64, c->checkpoint.root.b, HASH_SIZE);
    json_begin_object(&json);
    json_key(&json, "format");
    json_str(&json, S("vein.coi/1"));
    json_key(&json, "order");
    json_str(&json, c->order);
    json_key(&json, "log");
    json_str(&json, str_z(c->checkpoint.origin));
    json_key(&json, "size");
    json_int(&json, (int64_t)c->checkpoint.size);
    json_key(&json, "root");
    json_str(&json, buf_get(&base64));
    json_key(&json, "statements");
    json_begin_array(&json);
    for (size_t i = 0; i < c->n && o == OK; i++)
        if (c->events[i].row)
            o = statement(&json, &c->events[i], scratch, e);
    json_end(&json);
    json_end(&json);
    buf_char(out, '\n');
    arena_free(scratch);
    return o == OK ? buf_check(out, e) : o;
}
