/* A patient's data opened: for those who may see the name, and for comparison. */
#include "kernel/flow_share.h"
#include "kernel/node.h"
#include "modules/order/order.h"

enum { IDENTIFIERS_MAX = 40 };

static enum outcome patient_row(struct order_patient_out *out, struct db *db, struct str patient,
                                struct arena *arena, struct err *e)
{
    struct order_patient_in in = { patient };
    bool found;
    TRY(db_get(db, &sql_order_patient, &in, out, arena, &found, e));
    return found ? OK : REFUSE(e, "gate.unknown", { "kind", S("patient") });
}

/* To be compared, or (looks) to be shown. */
struct opener {
    struct keyring *keys;
    struct looker *looks;
};

/* Absent stays absent. */
static enum outcome patient_text(struct str *out, struct opener by,
                                 const struct order_patient_out *row, struct str path,
                                 struct str sealed, struct arena *arena, struct err *e)
{
    const struct look_at at = { row->event, path, sealed, "patient.name", NULL };
    *out = (struct str){ 0 };
    if (!sealed.p)
        return OK;
    return by.looks ? look_open(by.looks, out, &at, e)
                    : seal_open(by.keys, out, row->event, path, sealed, arena, e);
}

static enum outcome patient_names(struct order_patient_secret *out, struct opener by,
                                  const struct order_patient_out *row, struct arena *arena,
                                  struct err *e)
{
    TRY(patient_text(&out->family, by, row, S("family"), row->family, arena, e));
    TRY(patient_text(&out->given, by, row, S("given"), row->given, arena, e));
    return patient_text(&out->birth_date, by, row, S("birth_date"), row->birth_date, arena, e);
}

enum outcome order_patient_open(struct order_patient_secret *out, struct keyring *keys,
                                struct db *db, struct str patient, struct arena *arena,
                                struct err *e)
{
    const struct opener by = { keys, NULL };
    struct order_patient_out row;
    struct order_identifiers_in in = { patient };
    struct record_list list;
    *out = (struct order_patient_secret){ 0 };
    TRY(patient_row(&row, db, patient, arena, e));
    TRY(patient_names(out, by, &row, arena, e));
    out->named = row.named;
    TRY(db_list(db, &sql_order_identifiers, &in, &list, IDENTIFIERS_MAX, arena, e));
    const struct order_identifiers_out *sealed = list.p;
    struct str *values = ARENA_ARRAY(arena, list.n + 1, struct str);
    if (!values)
        return err_no_memory(e);
    for (size_t i = 0; i < list.n; i++) {
        struct str path = arena_printf(arena, "identifiers.%zu.value", i);
        TRY(patient_text(&values[i], by, &row, path, sealed[i].value, arena, e));
    }
    out->identifiers = values;
    out->nidentifiers = list.n;
    return OK;
}

static const char *sex_letter(struct str sex)
{
    return str_is(sex, "female") ? "F, " : str_is(sex, "male") ? "M, " : "";
}

/* Who may call the patient by name: with the right to at the treating hospital, or at a site that
 * takes part in an order of theirs that has not ended (the nurse of another organisation who
 * collects). */
static enum outcome may_name(bool *out, struct db *db, const struct actor *viewer,
                             const struct order_patient_out *row, struct arena *arena,
                             struct err *e)
{
    *out = actor_may(viewer, S("patient.name"), row->organisation, row->site);
    if (*out)
        return OK;
    struct order_parties_of_patient_in in = { row->patient };
    struct record_list sites;
    TRY(db_list(db, &sql_order_parties_of_patient, &in, &sites, 200, arena, e));
    const struct order_parties_of_patient_out *site = sites.p;
    const struct sharing *sharing;
    TRY(flow_sharing_find(&sharing, db, viewer->at_us, arena, e));
    for (size_t i = 0; i < sites.n && !*out; i++) {
        const struct flow_pinned pinned = { site[i].workflow, site[i].workflow_version,
                                            site[i].workflow_hash };
        const struct workflow *w;
        const struct actor *here = actor_for(viewer, site[i].product, TIME_NONE, arena);
        if (!here)
            return err_no_memory(e);
        if (!actor_may(here, S("patient.name"), site[i].organisation, site[i].site))
            continue;
        TRY(flow_workflow_pinned(&w, db, &pinned, arena, e));
        *out = flow_part_sees(sharing, w, site[i].part, "identity");
    }
    return OK;
}

enum outcome order_patient_by_name(bool *out, struct db *db, const struct actor *viewer,
                                   struct str patient, struct arena *arena, struct err *e)
{
    struct order_patient_in in = { patient };
    struct order_patient_out row;
    *out = false;
    TRY(db_get(db, &sql_order_patient, &in, &row, arena, out, e));
    return *out ? may_name(out, db, viewer, &row, arena, e) : OK;
}

enum outcome order_patient_show(struct order_patient_view *out, struct looker *looks, struct db *db,
                                const struct actor *viewer, struct str patient, struct arena *arena,
                                struct err *e)
{
    struct order_patient_out row;
    TRY(patient_row(&row, db, patient, arena, e));
    *out = (struct order_patient_view){ .shown = row.pseudonym, .name = row.pseudonym };
    out->born = S("");
    bool named;
    out->erased = row.erased != TIME_NONE;
    if (out->erased)
        return OK;
    TRY(may_name(&named, db, viewer, &row, arena, e));
    if (!named)
        return OK;
    const struct opener by = { NULL, looks };
    struct order_patient_secret secret = { 0 };
    struct err opened = { 0 };
    if (!looks)
        return err_fault(e, "look.nobody", "a patient's name was opened for nobody");
    enum outcome o = patient_names(&secret, by, &row, arena, &opened);
    if (o == REFUSED && strcmp(opened.code, "seal.erased") == 0) { /* at this very moment */
        out->erased = true;
        return OK;
    }
    if (o != OK) {
        *e = opened;
        return o;
    }
    out->name = arena_printf(arena, "%.*s%s%.*s", STR(secret.family), secret.given.p ? ", " : "",
                             STR(secret.given));
    out->born = arena_printf(arena, "(%s%.*s)", sex_letter(row.sex), STR(secret.birth_date));
    out->shown = arena_printf(arena, "%.*s %.*s", STR(out->name), STR(out->born));
    out->by_name = true;
    return out->shown.p ? OK : err_no_memory(e);
}
