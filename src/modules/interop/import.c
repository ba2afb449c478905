/* Sends what was read through the gate, a group of commands to a commit. */
#include "base/id.h"
#include "modules/interop/interop.h"

enum {
    GROUP = 64,
    GROUP_ARENA = GROUP * 12 * GATE_BODY_MAX, /* body, its tree, its struct, its canonical form */
};

struct member {
    const struct interop_patient *patient;
    struct gate_command command;
    struct id id;
    struct id patient_id;
    struct gate_answer answer;
    bool done;
};

struct import {
    struct interop_fhir *read;
    struct node *node;
    const struct actor *actor;
    struct arena *arena; /* of the refusals */
    struct arena *group;
    struct member members[GROUP];
};

/* That the person is there already, with other data, is told in words of the import. */
static void refuse(struct import *im, const struct member *m)
{
    struct err error = m->answer.error;
    if (strcmp(error.code, "gate.key_reused") == 0 ||
        strcmp(error.code, "order.enrolled_before") == 0) {
        error = (struct err){ 0 };
        enum outcome o = REFUSE(&error, "interop.differs");
        BUG_ON(o != REFUSED);
    }
    interop_refuse(im->read, m->patient->path, &error, im->arena);
}

static void answered(void *context, const struct gate_answer *answer)
{
    struct member *m = context;
    m->answer = *answer;
    m->done = true;
}

/* Ids that tell nothing without the keyring: the digest of whose patient it is. */
static enum outcome make_ids(struct import *im, struct member *m, struct err *e)
{
    struct str text = arena_printf(im->group, "%.*s\n%.*s", STR(im->actor->organisation),
                                   STR(m->patient->identity));
    if (!text.p)
        return err_no_memory(e);
    char hex[HASH_HEX + 1];
    hash_hex(hex, keyring_digest(im->node->keys, "import", text));
    m->id = id_derive(str_z(hex), S("command"), 0);
    m->patient_id = id_derive(str_z(hex), S("patient"), 0);
    return OK;
}

static enum outcome submit(struct import *im, struct member *m, struct err *e)
{
    TRY(make_ids(im, m, e));
    struct order_enrol enrol = m->patient->enrol;
    enrol.patient = id_str(&m->patient_id);
    struct buf body = buf_in(im->group, GATE_BODY_MAX);
    struct json_out out = json_out(&body);
    TRY(record_to_json(&order_enrol_record, &enrol, &out, NULL, e));
    TRY(buf_check(&body, e));
    m->command = (struct gate_command){
        .id = id_str(&m->id),
        .name = S("patient.enrol"),
        .body = buf_get(&body),
        .actor = im->actor,
        .happened = TIME_NONE,
        .entered = TIME_NONE,
        .arena = im->group,
    };
    return gate_submit(im->node->gate, &m->command, answered, m, e);
}

static enum outcome count(struct import *im, const struct member *m, struct err *e)
{
    switch (m->answer.error.outcome) {
    case FAULT:
        *e = m->answer.error;
        return FAULT;
    case REFUSED:
        refuse(im, m);
        return OK;
    case OK:
        break;
    }
    if (m->answer.repeated || m->answer.nevents == 0)
        im->read->unchanged++;
    else
        im->read->enrolled++;
    return OK;
}

static enum outcome run_group(struct import *im, const struct interop_patient *patients, size_t n,
                              struct err *e)
{
    arena_reset(im->group);
    for (size_t i = 0; i < n; i++) {
        struct member *m = &im->members[i];
        *m = (struct member){ .patient = &patients[i] };
        struct err error = { 0 };
        m->done = submit(im, m, &error) != OK; /* and never queued */
        if (m->done)
            m->answer.error = error;
    }
    for (size_t i = 0; i < n; i++)
        while (!im->members[i].done) {
            size_t ran;
            struct err step = { 0 };
            if (gate_step(im->node->gate, &ran, &step) != OK)
                continue; /* the fault is the members' answer too */
        }
    for (size_t i = 0; i < n; i++)
        TRY(count(im, &im->members[i], e));
    return OK;
}

enum outcome interop_import(struct interop_fhir *read, struct node *n, const struct actor *actor,
                            struct arena *arena, struct err *e)
{
    struct import *im = ARENA_NEW(arena, struct import);
    struct arena *group = arena_new(GROUP_ARENA);
    if (!im || !group) {
        arena_free(group);
        return err_no_memory(e);
    }
    im->read = read;
    im->node = n;
    im->actor = actor;
    im->arena = arena;
    im->group = group;
    enum outcome o = OK;
    for (size_t i = 0; o == OK && i < read->npatients; i += GROUP) {
        size_t left = read->npatients - i;
        o = run_group(im, &read->patients[i], left < GROUP ? left : GROUP, e);
    }
    arena_free(group);
    return o;
}
