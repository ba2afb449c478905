/* Rows of leases. */
#include "kernel/lease.h"

enum outcome lease_find(struct lease_find_out *out, struct db *db, const char *queue,
                        struct str item, struct arena *arena, bool *found, struct err *e)
{
    struct lease_find_in in = { str_z(queue), item };
    return db_get(db, &sql_lease_find, &in, out, arena, found, e);
}

static enum outcome token_read(struct lease *l, struct db *db, struct err *e)
{
    struct arena *arena = arena_new(4096);
    struct lease_find_out row;
    bool found = false;
    enum outcome o =
        arena ? lease_find(&row, db, l->queue, l->item, arena, &found, e) : err_no_memory(e);
    if (o == OK)
        l->token = row.token;
    arena_free(arena);
    return o;
}

enum outcome lease_take(struct lease *l, struct db *db, struct str runner, int64_t now,
                        int64_t expires, bool *taken, struct err *e)
{
    int64_t changed = 0;
    struct lease_take_in in = { str_z(l->queue), l->item, runner, now, expires };
    TRY(db_run(db, &sql_lease_take, &in, &changed, e));
    *taken = changed > 0;
    return *taken ? token_read(l, db, e) : OK;
}

enum outcome lease_renew(const struct lease *l, struct db *db, int64_t expires, int64_t done,
                         int64_t total, bool *held, struct err *e)
{
    int64_t changed = 0;
    struct lease_renew_in in = { str_z(l->queue), l->item, l->token, expires, done, total };
    TRY(db_run(db, &sql_lease_renew, &in, &changed, e));
    *held = changed > 0;
    return OK;
}

enum outcome lease_fail(const struct lease *l, struct db *db, int64_t tries, int64_t due,
                        struct str code, struct err *e)
{
    struct lease_fail_in in = { str_z(l->queue), l->item, l->token, tries, due, code };
    return db_run(db, &sql_lease_fail, &in, NULL, e);
}

enum outcome lease_check(const struct lease *l, struct db *db, struct arena *arena, struct err *e)
{
    struct lease_find_out row;
    bool found;
    TRY(lease_find(&row, db, l->queue, l->item, arena, &found, e));
    return found && row.runner.p && row.token == l->token ? OK : REFUSE(e, "lease.lost");
}

int64_t lease_wait(int64_t tries, int64_t first, int64_t most)
{
    int64_t wait = first;
    for (int64_t i = 1; i < tries && wait < most; i++)
        wait *= 2;
    return wait < most ? wait : most;
}
