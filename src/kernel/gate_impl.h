/* Inside the gate: one member of a group, and what load and decide leave behind. */
#ifndef VEIN_KERNEL_GATE_IMPL_H
#define VEIN_KERNEL_GATE_IMPL_H

#include "kernel/gate.h"
#include "kernel/module.h"

struct gate_item {
    const struct gate_command *command;
    const struct command_type *type;
    const void *body;     /* struct of the type's record, in the sender's arena */
    const void *prepared; /* what the type's prepare left, there too */
    struct hash digest;   /* keyed, over who asks for what and why */
    gate_done_fn *done;
    void *context;
    struct gate_answer answer;
};

/* Of the stored answer to this command. */
static inline struct seal_place gate_answer_place(struct str command)
{
    return (struct seal_place){ "answer", command };
}

/* What a member's run needs of the gate. */
struct gate_writer {
    const struct env *env;
    struct db *db;
    struct ledger *ledger;
    struct keyring *keys;
    const struct registry *registry;
    struct sign_rules *rules;
    struct arena *arena;            /* of the member that runs */
    struct gate_happened *happened; /* in this group: LEDGER_GROUP_MAX of them */
    size_t nhappened;
};

/* Runs one member inside the group's transaction, in a savepoint of its own. Returns FAULT only
 * when the whole group must fail; a refusal or a fault of this member alone is in item->answer. */
enum outcome gate_member_run(struct gate_writer *w, struct gate_item *item, struct err *e);

/* The outcome, or the fault "base.no_memory": what was made with an arena that ran out has holes,
 * and whatever a rule said of it, yes or no, it said of something else. */
enum outcome gate_memory_held(const struct arena *arena, enum outcome o, struct err *e);

struct load_read {
    struct stream stream;
    int64_t version; /* now, counting what this command has appended */
};
struct load_scope {
    struct str organisation;
    struct str site;
    bool known_only; /* who has rights there knows of the thing, and may not do the command */
};
struct load_impl {
    const struct command_type *type;
    const struct actor *actor; /* who sent it, with all rights */
    struct load_read reads[GATE_READS_MAX];
    size_t nreads;
    struct load_scope scopes[GATE_SCOPES_MAX];
    size_t nscopes;
    const char *about; /* the first kind that load named: what the command is about */
    const char *kind;  /* the last: what load itself looks for now */
    struct str subject;
};

struct decision_impl {
    struct happening happenings[GATE_EVENTS_MAX];
    size_t n;
    bool too_many;
    const struct record *answer_record;
    const void *answer;
};

#endif
