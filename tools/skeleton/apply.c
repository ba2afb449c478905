/* What each event of the @name@ log makes of its rows. */
#include "modules/@name@/@name@.h"

enum outcome @name@_noted_apply(struct db *db, const struct event *event,
                                const struct @name@_noted *payload, struct err *e)
{
    const struct @name@_entry_add_in in = {
        .site = payload->site,
        .number = event->version,
        .organisation = payload->organisation,
        .text = payload->text,
        .noted = event->happened,
        .actor = event->actor,
    };
    return db_run(db, &sql_@name@_entry_add, &in, NULL, e);
}
