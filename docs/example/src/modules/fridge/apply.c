/* What each event makes of the rows: a function of the event alone, so that rebuilding from the
 * ledger gives the same rows. */
#include "modules/fridge/fridge.h"

enum outcome fridge_registered_apply(struct db *db, const struct event *event,
                                     const struct fridge_registered *payload, struct err *e)
{
    (void)event;
    const struct fridge_fridge_add_in in = {
        .fridge = payload->fridge,
        .organisation = payload->organisation,
        .site = payload->site,
        .name = payload->name,
        .lowest = payload->lowest,
        .highest = payload->highest,
    };
    return db_run(db, &sql_fridge_fridge_add, &in, NULL, e);
}

enum outcome fridge_checked_apply(struct db *db, const struct event *event,
                                  const struct fridge_checked *payload, struct err *e)
{
    const struct fridge_check_add_in check = {
        .fridge = payload->fridge,
        .number = event->version,
        .temperature = payload->temperature,
        .within = payload->within,
        .note = payload->note,
        .checked = event->happened,
        .checker = event->actor,
    };
    const struct fridge_fridge_read_in last = {
        .fridge = payload->fridge,
        .temperature = payload->temperature,
        .within = payload->within,
        .checked = event->happened,
    };
    TRY(db_run(db, &sql_fridge_check_add, &check, NULL, e));
    return db_run(db, &sql_fridge_fridge_read, &last, NULL, e);
}

enum outcome fridge_retired_apply(struct db *db, const struct event *event,
                                  const struct fridge_retired *payload, struct err *e)
{
    (void)event;
    const struct fridge_fridge_retire_in in = { payload->fridge };
    return db_run(db, &sql_fridge_fridge_retire, &in, NULL, e);
}
