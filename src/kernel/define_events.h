/* Defines the event types of the rows in RECORDS and gathers them in module_events[]. */
#define RECORD(r)
#define FIELD(r, kind, name, flags, max)
#define LIST(r, entry, name, flags, max)
#define ONE(r, entry, name, flags)
#define TEXTS(r, name, flags, max)
#define END(r)
#define EVENT(number, r, name, version)                                                            \
    static enum outcome r##_apply_any(struct db *db, const struct event *event,                    \
                                      const void *payload, struct err *e)                          \
    {                                                                                              \
        return r##_apply(db, event, payload, e);                                                   \
    }                                                                                              \
    const struct event_type r##_event = { number, name, version, &r##_record, r##_apply_any };
#include RECORDS
#undef EVENT
#define EVENT(number, r, name, version) &r##_event,
static const struct event_type *const module_events[] = {
#include RECORDS
};
#include "base/record_undef.h"
