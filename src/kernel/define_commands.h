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
#define PREPARE_THUNK(r)                                                                           \
    static enum outcome r##_prepare_any(struct prepare *p, const void *body, struct err *e)        \
    {                                                                                              \
        return r##_prepare(p, body, e);                                                            \
    }
#define SHOWN_THUNK(r)                                                                             \
    static enum outcome r##_shown_any(struct load *l, const void *body, const void *state,         \
                                      struct sign_what *out, struct err *e)                        \
    {                                                                                              \
        return r##_shown(l, body, state, out, e);                                                  \
    }
#define COMMAND_ANSWER(r) .answer = &r##_record
#define COMMAND_TYPE(r, command, state_struct, command_flags, prepared, shows, means, ...)         \
    const struct command_type r##_command = { .name = command,                                     \
                                              .body = &r##_record,                                 \
                                              .state_size = sizeof(struct state_struct),           \
                                              .flags = command_flags,                              \
                                              .prepare = prepared,                                 \
                                              .load = r##_load_any,                                \
                                              .decide = r##_decide_any,                            \
                                              .shown = shows,                                      \
                                              .meanings = means,                                   \
                                              __VA_OPT__(COMMAND_ANSWER(__VA_ARGS__)) };
#define COMMAND(r, name, state_struct, flags, ...)                                                 \
    COMMAND_THUNKS(r, state_struct)                                                                \
    COMMAND_TYPE(r, name, state_struct, flags, NULL, NULL, NULL __VA_OPT__(, ) __VA_ARGS__)
#define PREPARED_COMMAND(r, name, state_struct, flags, ...)                                        \
    COMMAND_THUNKS(r, state_struct)                                                                \
    PREPARE_THUNK(r)                                                                               \
    COMMAND_TYPE(r, name, state_struct, flags, r##_prepare_any, NULL,                              \
                 NULL __VA_OPT__(, ) __VA_ARGS__)
#define SIGNED_COMMAND(r, name, state_struct, flags, meanings, ...)                                \
    COMMAND_THUNKS(r, state_struct)                                                                \
    SHOWN_THUNK(r)                                                                                 \
    COMMAND_TYPE(r, name, state_struct, (flags) | COMMAND_SIGNED, NULL, r##_shown_any,             \
                 meanings __VA_OPT__(, ) __VA_ARGS__)
#define PREPARED_SIGNED_COMMAND(r, name, state_struct, flags, meanings, ...)                       \
    COMMAND_THUNKS(r, state_struct)                                                                \
    PREPARE_THUNK(r)                                                                               \
    SHOWN_THUNK(r)                                                                                 \
    COMMAND_TYPE(r, name, state_struct, (flags) | COMMAND_SIGNED, r##_prepare_any, r##_shown_any,  \
                 meanings __VA_OPT__(, ) __VA_ARGS__)
#include RECORDS
#undef COMMAND
#undef PREPARED_COMMAND
#undef SIGNED_COMMAND
#undef PREPARED_SIGNED_COMMAND
#undef PREPARE_THUNK
#undef SHOWN_THUNK
#undef COMMAND_THUNKS
#undef COMMAND_TYPE
#undef COMMAND_ANSWER
#define COMMAND(r, ...)                 &r##_command,
#define PREPARED_COMMAND(r, ...)        &r##_command,
#define SIGNED_COMMAND(r, ...)          &r##_command,
#define PREPARED_SIGNED_COMMAND(r, ...) &r##_command,
static const struct command_type *const module_commands[] = {
#include RECORDS
};
#include "base/record_undef.h"
