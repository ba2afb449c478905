/* A job that reads the ledger back: tile by tile every event is hashed again and compared with the
 * hashes that checkpoints were signed over. */
#include "kernel/job.h"
#include "kernel/ledger_impl.h"
#include "kernel/merkle.h"

/* One tile of hashes, or what is left behind the last full one, where the leaves themselves are all
 * there is: reading them is the check. */
static enum outcome read_back_tile(struct job_work *w, struct err *e)
{
    struct hash *hashes = ARENA_ARRAY(w->turn, MERKLE_WIDTH, struct hash);
    struct ledger_row *rows;
    size_t n;
    if (!hashes)
        return err_no_memory(e);
    TRY(ledger_read(w->db, w->done, MERKLE_WIDTH, &rows, &n, w->turn, e));
    if (n == MERKLE_WIDTH)
        TRY(ledger_tile_read(hashes, MERKLE_WIDTH, w->db, 0, (uint64_t)w->done / MERKLE_WIDTH, e));
    for (size_t i = 0; i < n; i++) {
        struct event event;
        TRY(event_read(&event, w->turn, rows[i].leaf, e));
        const bool same = n < MERKLE_WIDTH || hash_eq(merkle_leaf(rows[i].leaf), hashes[i]);
        if (!same || rows[i].sequence != w->done + (int64_t)i)
            return REFUSE(e, "job.ledger_damaged");
    }
    w->done += (int64_t)n;
    return OK;
}

static enum outcome read_back_step(struct job_work *w, enum job_turn *turn, struct err *e)
{
    if (w->total == 0) {
        struct ledger_row *rows;
        size_t n;
        TRY(ledger_read_last(w->db, &rows, &n, w->turn, e));
        w->total = n > 0 ? rows[0].sequence + 1 : 0;
    }
    if (w->done < w->total)
        TRY(read_back_tile(w, e));
    if (w->done < w->total)
        return OK;
    struct job_read_back *result = ARENA_NEW(w->arena, struct job_read_back);
    if (!result)
        return err_no_memory(e);
    result->events = w->done;
    w->result_record = &job_read_back_record;
    w->result = result;
    *turn = JOB_DONE;
    return OK;
}

const struct job_kind job_read_back_kind = {
    .name = "ledger.read_back",
    .permission = "ledger.see",
    .input = &job_nothing_record,
    .step = read_back_step,
};
