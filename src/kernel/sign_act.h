/* What is done to a signature once it is there. sign.countersign, sign.withdraw and sign.reject are
 * signed themselves, on the signature as its event holds it. REFUSED "sign.own" (one's own is
 * neither countersigned nor rejected), "sign.anothers" (another's is not withdrawn), "sign.void"
 * (it was withdrawn or rejected), "sign.act" (it is a withdrawal or rejection, which are
 * final; or a countersignature, which takes no other),
 * "sign.countersigned_before". */
#ifndef VEIN_KERNEL_SIGN_ACT_H
#define VEIN_KERNEL_SIGN_ACT_H

#include "gen/kernel/sign.sql.h"
#include "kernel/sign.h"

struct sign_thing {
    const struct sign_signature_out *row;
    bool upon; /* the actor countersigned it */
};
#define RECORDS "kernel/sign_act_events.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS
#define RECORDS "kernel/sign_act_commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

extern const struct module sign_act_module;

/* The row of every event that holds a signature; called by registry_apply. */
enum outcome sign_apply(struct db *db, const struct event *event, struct arena *arena,
                        struct err *e);

#endif
