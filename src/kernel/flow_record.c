/* Wiring, and how the record of a task stands. The rows are flow's own, in flow_schema.sql. */
#include "kernel/flow_record.h"

#include "kernel/file.h"
#include "kernel/flow_impl.h"
#include "kernel/look.h"
#include "kernel/sign_act.h"

#define EVENTS   "kernel/flow_record_events.def"
#define COMMANDS "kernel/flow_record_commands.def"
#include "kernel/wire.h"

static const struct policy module_policies[] = {
    { "flow.unsign_withdrawn", &sign_withdrawn_event, flow_unsign_after },
    { "flow.unsign_rejected", &sign_rejected_event, flow_unsign_after },
};

const struct module flow_record_module = {
    .name = "flow_record",
    MODULE_ARRAY(policies),
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
};

static enum outcome read_places(struct flow_standing *out, struct db *db,
                                const struct flow_record_signatures_in *of, const struct form *form,
                                struct arena *arena, struct err *e)
{
    struct form_place places[FORM_PLACES_MAX];
    struct record_list list;
    out->nplaces = form ? form_places(places, form) : 0;
    if (out->nplaces == 0)
        return OK;
    TRY(db_list(db, &sql_flow_record_signatures, of, &list, FLOW_VERSIONS_MAX * FORM_PLACES_MAX,
                arena, e));
    const struct flow_record_signatures_out *rows = list.p;
    bool before = out->record != INT_NONE;
    for (size_t i = 0; i < out->nplaces; i++) {
        struct flow_standing_place *p = &out->places[i];
        *p = (struct flow_standing_place){ .place = places[i], .at = TIME_NONE };
        for (size_t k = 0; k < list.n; k++) {
            if (rows[k].version != out->record || !str_eq(rows[k].place, places[i].name))
                continue;
            p->by = rows[k].signed_by;
            p->at = rows[k].signed_at;
        }
        p->next = before && !p->by.p;
        before = p->by.p != NULL;
    }
    return OK;
}

enum outcome flow_standing_read(struct flow_standing *out, struct db *db, struct str order,
                                struct str task, const struct form *form, struct arena *arena,
                                struct err *e)
{
    const struct flow_record_task_in key = { order, task };
    const struct flow_record_signatures_in signatures = { order, task };
    const struct flow_record_corrections_in corrections = { order, task };
    const struct flow_record_entries_now_in entries = { order, task };
    struct flow_record_task_out row;
    struct record_list list;
    bool found;
    *out = (struct flow_standing){ .record = INT_NONE };
    TRY(db_get(db, &sql_flow_record_task, &key, &row, arena, &found, e));
    if (!found)
        return OK;
    out->record = row.version;
    TRY(read_places(out, db, &signatures, form, arena, e));
    TRY(db_list(db, &sql_flow_record_corrections, &corrections, &list, FLOW_VERSIONS_MAX, arena,
                e));
    out->corrections = list.p;
    out->ncorrections = list.n;
    for (size_t i = 0; i < list.n; i++)
        out->nwaiting += out->corrections[i].waits;
    TRY(db_list(db, &sql_flow_record_entries_now, &entries, &list, FLOW_ENTRIES_MAX, arena, e));
    out->entries = list.p;
    out->nentries = list.n;
    if (list.n > 0)
        out->differs = out->entries[list.n - 1].differs;
    return OK;
}

/* --- files --- */

static enum outcome find_file(void *context, struct form_file *out, bool *found, struct str hash,
                              struct arena *arena, struct err *e)
{
    const struct flow_files_of *of = context;
    const struct flow_record_file_in in = { of->order, hash };
    struct flow_record_file_out row;
    TRY(db_get(of->db, &sql_flow_record_file, &in, &row, arena, found, e));
    if (!*found)
        return OK;
    const struct file_type *type = file_type_find(row.type);
    *out = (struct form_file){
        .media = type ? str_z(type->media_type) : row.type,
        .size = row.size,
        .type = row.type,
        .path = arena_printf(arena, "/files/%.*s", STR(row.file)),
    };
    const struct look_at at = { row.event_id, S("name"), row.name, NULL, arena };
    struct err erased = { 0 };
    if (of->looks && look_open(of->looks, &out->name, &at, &erased) != OK)
        out->name = (struct str){ 0 };
    return OK;
}

struct form_files flow_files(struct flow_files_of *of)
{
    return (struct form_files){
        .context = of,
        .find = find_file,
        .kind = S("order"),
        .belongs = of->order,
    };
}
