/* Declares what the rows in RECORDS need written by hand; see module.h. */
#define RECORD(r)
#define EVENT(number, r, name, version)                                                            \
    extern const struct event_type r##_event;                                                      \
    enum outcome r##_apply(struct db *db, const struct event *event, const struct r *payload,      \
                           struct err *e);
#define COMMAND(r, name, state_struct, flags, ...)                                                 \
    extern const struct command_type r##_command;                                                  \
    enum outcome r##_load(struct load *l, const struct r *body, struct state_struct *state,        \
                          struct err *e);                                                          \
    enum outcome r##_decide(struct decision *d, const struct r *body,                              \
                            const struct state_struct *state, struct err *e);
#define PREPARED_COMMAND(r, name, state_struct, flags, ...)                                        \
    COMMAND(r, name, state_struct, flags)                                                          \
    enum outcome r##_prepare(struct prepare *p, const struct r *body, struct err *e);
#define SIGNED_COMMAND(r, name, state_struct, flags, meanings, ...)                                \
    COMMAND(r, name, state_struct, flags)                                                          \
    enum outcome r##_shown(struct load *l, const struct r *body, const struct state_struct *state, \
                           struct sign_what *out, struct err *e);
#define PREPARED_SIGNED_COMMAND(r, name, state_struct, flags, meanings, ...)                       \
    SIGNED_COMMAND(r, name, state_struct, flags, meanings)                                         \
    enum outcome r##_prepare(struct prepare *p, const struct r *body, struct err *e);
#define FIELD(r, kind, name, flags, max)
#define LIST(r, entry, name, flags, max)
#define ONE(r, entry, name, flags)
#define TEXTS(r, name, flags, max)
#define END(r)
#include RECORDS
#include "base/record_undef.h"
