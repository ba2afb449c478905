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
#define COMMAND_ANSWER(r) .answer = &r##_record
#define COMMAND_TYPE(r, command, state_struct, command_flags, prepared, ...)                       \
    const struct command_type r##_command = { .name = command,                                     \
                                              .body = &r##_record,                                 \
                                              .state_size = sizeof(struct state_struct),           \
                                              .flags = command_flags,                              \
                                              .prepare = prepared,                                 \
                                              .load = r##_load_any,                                \
                                              .decide = r##_decide_any,                            \
                                              __VA_OPT__(COMMAND_ANSWER(__VA_ARGS__)) };
#define COMMAND(r, name, state_struct, flags, ...)                                                 \
    COMMAND_THUNKS(r, state_struct)                                                                \
    COMMAND_TYPE(r, name, state_struct, flags, NULL __VA_OPT__(, ) __VA_ARGS__)
#define PREPARED_COMMAND(r, name, state_struct, flags, ...)                                        \
    COMMAND_THUNKS(r, state_struct)                                                                \
    static enum outcome r##_prepare_any(struct prepare *p, const void *body, struct err *e)        \
    {                                                                                              \
        return r##_prepare(p, body, e);                                                            \
    }                                                                                              \
    COMMAND_TYPE(r, name, state_struct, flags, r##_prepare_any __VA_OPT__(, ) __VA_ARGS__)
#include RECORDS
#undef COMMAND
#undef PREPARED_COMMAND
#undef COMMAND_THUNKS
#undef COMMAND_TYPE
#undef COMMAND_ANSWER
#define COMMAND(r, ...)          &r##_command,
#define PREPARED_COMMAND(r, ...) &r##_command,
static const struct command_type *const module_commands[] = {
#include RECORDS
};
#include "base/record_undef.h"
