/* The newest checkpoint that enough witnesses cosigned, beside the ledger's own. It comes from
 * outside, later than the checkpoint itself, and is replaced whole. */
#include "gen/kernel/ledger.sql.h"
#include "kernel/ledger_impl.h"

enum outcome ledger_cosigned(struct db *db, struct str *note, uint64_t *size, struct arena *arena,
                             struct err *e)
{
    struct ledger_cosigned_out row;
    bool found = false;
    TRY(db_get(db, &sql_ledger_cosigned, NULL, &row, arena, &found, e));
    *note = found ? row.note : (struct str){ 0 };
    *size = found ? (uint64_t)row.size : 0;
    return OK;
}

enum outcome ledger_cosigned_keep(struct db *writer, uint64_t size, struct str note, struct err *e)
{
    const struct ledger_cosigned_set_in in = { (int64_t)size, note };
    return db_run(writer, &sql_ledger_cosigned_set, &in, NULL, e);
}
