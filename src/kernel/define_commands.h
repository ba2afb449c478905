/* Defines the command types of the rows in RECORDS and gathers them in module_commands[]. */
#define RECORD(r)
#define FIELD(r, kind, name, flags, max)
#define LIST(r, entry, name, flags, max)
#define ONE(r, entry, name, flags)
#define TEXTS(r, name, flags, max)
#define END(r)
#define COMMAND_THUNKS(r, state_struct)                                                            \
    static enum outcome r##_load_any(struct load *l, const void *body, void *state, struct err *e) \
    {                                                                                              \
        return r##_load(l, body, state, e);                                                        \
    }                                                                                              \
    static enum outcome r##_decide_any(struct decision *d, const void *body, const void *state,    \
                                       struct err *e)                                              \
    {                                                                                              \
        return r##_decide(d, body, state, e);                                                      \
    }
#define COMMAND(r, name, state_struct, flags)                                                      \
    COMMAND_THUNKS(r, state_struct)                                                                \
    const struct command_type r##_command = {                                                      \
        name, &r##_record, sizeof(struct state_struct), flags, NULL, r##_load_any, r##_decide_any, \
    };
#define PREPARED_COMMAND(r, name, state_struct, flags)                                             \
    COMMAND_THUNKS(r, state_struct)                                                                \
    static enum outcome r##_prepare_any(struct prepare *p, const void *body, struct err *e)        \
    {                                                                                              \
        return r##_prepare(p, body, e);                                                            \
    }                                                                                              \
    const struct command_type r##_command = {                                                      \
        name,         &r##_record,    sizeof(struct state_struct), flags, r##_prepare_any,         \
        r##_load_any, r##_decide_any,                                                              \
    };
#include RECORDS
#undef COMMAND
#undef PREPARED_COMMAND
#undef COMMAND_THUNKS
#define COMMAND(r, name, state_struct, flags)          &r##_command,
#define PREPARED_COMMAND(r, name, state_struct, flags) &r##_command,
static const struct command_type *const module_commands[] = {
#include RECORDS
};
#include "base/record_undef.h"
