/* A file of the day's work: sent as over HTTP, where an upload goes on after a fault. */
#include "app/tests/nth_work_impl.h"

enum { UPLOAD = 2 * 50000 }; /* bytes, in two pieces, of which the second is not whole */

/* --- things that have files --- */

static enum outcome trial_see(struct db *db, const struct actor *actor, struct str id, bool *may,
                              struct arena *arena, struct err *e)
{
    (void)db;
    (void)actor;
    (void)id;
    (void)arena;
    (void)e;
    *may = true;
    return OK;
}

static enum outcome trial_scope(struct db *db, struct str id, struct file_scope *out, bool *found,
                                struct arena *arena, struct err *e)
{
    (void)db;
    (void)id;
    (void)arena;
    (void)e;
    *found = true;
    *out = (struct file_scope){ .organisation = S("00000000-0000-8000-a000-6f0000000001"),
                                .site = S("00000000-0000-8000-a000-730000000001"),
                                .subject = S("patient-a"),
                                .key = S("trial/a") };
    return OK;
}

static const struct file_rule rules[] = { { "trial", "trial.attach", trial_see, trial_scope } };
const struct module nth_trial = { .name = "trial", .files = rules, .nfiles = 1 };
/* --- sent --- */

/* The upload as it stands, or a new one. */
static enum outcome upload(struct nth_work *w, struct file_upload *u, struct err *e)
{
    struct err unknown = { 0 };
    const struct str id = id_str(&w->upload);
    const enum outcome o =
        w->begun ? file_upload_find(w->f.node.files, u, id, w->f.arena, &unknown) : REFUSED;
    if (o == FAULT)
        *e = unknown;
    if (o == OK && w->unsynced)
        nth_work_wrong(w, "an upload whose sync failed goes on");
    if (o != REFUSED)
        return o;
    w->begun = w->unsynced = false;
    *u = (struct file_upload){
        .kind = S("trial"),
        .belongs = S("a"),
        .subject = S("patient-a"),
        .account = w->nurse.actor.account,
        .name = S("Consent.pdf"),
        .size = UPLOAD,
    };
    TRY(file_begin(w->f.node.files, u, e));
    w->upload = u->id;
    w->begun = true;
    return OK;
}

/* In two parts, as over HTTP. */
enum outcome nth_file_put(struct nth_work *w, struct err *e)
{
    static uint8_t content[UPLOAD] = "%PDF-1.7";
    struct file_store body;
    struct file_upload u;
    TRY(upload(w, &u, e));
    while (u.offset < UPLOAD) {
        const int64_t left = UPLOAD - u.offset;
        const struct bytes part = { content + u.offset,
                                    (size_t)(left < UPLOAD / 2 ? left : UPLOAD / 2) };
        TRY(file_append(w->f.node.files, &u, u.offset, part, e));
    }
    TRY(file_finish(w->f.node.files, &body, id_str(&u.id), w->f.arena, e));
    struct buf b = buf_in(w->f.arena, 8000);
    struct json_out out = json_out(&b);
    TRY(record_to_json(&file_store_record, &body, &out, NULL, e));
    TRY(buf_check(&b, e));
    w->file_body = arena_str(w->f.arena, buf_get(&b));
    if (!w->file_body.p)
        return err_no_memory(e);
    w->file = body.file;
    return OK;
}

void nth_file_whole(struct nth_work *w)
{
    struct file_row_out row;
    struct db *db;
    struct err e = { 0 };
    bool found = false;
    if (store_reader_take(&db, w->f.node.store, &e) != OK ||
        file_find(&row, db, w->file, &found, w->f.arena, &e) != OK || !found ||
        file_check(w->f.node.files, &row, &e) != OK)
        nth_work_wrong(w, "the file is not there: %s", e.code ? e.code : "no row");
    store_reader_give(w->f.node.store, db);
}
