/* Witnesses: who outside of this node has seen which log.
 *
 * A log that is cut back or rewritten and signed again looks right to everyone who sees it alone.
 * So each new checkpoint is shown, at most every `every_us`, to the witnesses that the
 * configuration names (docs/witness.md; C2SP tlog-witness), with the proof that it continues what
 * they cosigned last. What enough of them (`quorum`) have cosigned is final: it stands with their
 * cosignatures in ledger_cosigned and below /tlog/cosigned.
 *
 * A witness that cosigned more than there is (rolled_back), or something else (forked),
 * contradicts: that is an event of the log, a notification, and a banner on every page until the
 * witness agrees again or a person resolves it with a reason; it stays on the ledger's page for
 * ever. While it is asked and contradicts still, a resolved contradiction is said again. A witness
 * that does not answer for `silent_us` is silent: an event and a notification. It cannot be told
 * from one that contradicts by saying nothing.
 *
 * How it stands with each is kept outside of the ledger (contact_schema.sql): a table of what
 * others said, which may be lost. Nothing that a witness says is believed but what its key signed;
 * that it contradicts is its claim, whose proof is the checkpoint that it shows (GET /log/<hash>),
 * signed by our own key.
 *
 * Rights: "witness.resolve" in the organisation that founded the node. witness.report is the
 * program's own. Refusals: "witness.no_contradiction". */
#ifndef VEIN_KERNEL_WITNESS_H
#define VEIN_KERNEL_WITNESS_H

#include <stdatomic.h>

#include "gen/kernel/contact.sql.h"
#include "gen/kernel/witness.sql.h"
#include "kernel/ledger.h"
#include "kernel/outbox.h"

enum { WITNESSES_MAX = 16, WITNESS_URL_MAX = 300 };

struct witness_state {
    struct witness_standing_out row;
    bool found;
};

#define RECORDS "kernel/witness_events.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS
#define RECORDS "kernel/witness_commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

extern const struct module witness_module;
/* Whether a witness that stands so has seen another history of the log. */
bool witness_contradicts(struct str state);
extern const struct sql_schema contact_schema;

/* --- the configuration --- */

struct witness_one {
    char url[WITNESS_URL_MAX + 1]; /* submission prefix, without its last slash */
    char vkey[NOTE_KEY_NAME_MAX + 80];
    struct note_witness key;
};
struct witness_setup {
    struct witness_one one[WITNESSES_MAX];
    size_t n;
    size_t quorum; /* 1 … n */
    int64_t every_us;
    int64_t silent_us;
};
/* Lines "URL KEY"; blank lines and comments behind # are passed over. Leaves quorum and times
 * alone. REFUSED "witness.line" {line}, "witness.twice" {name}: a witness counts once, also under
 * two names. */
enum outcome witness_setup_read(struct witness_setup *out, struct str text, struct err *e);

/* --- the runner --- */

struct witnesses;
struct witnesses_options {
    struct gate *gate;
    struct db *writer;
    const struct env *env;
    const struct note_signer *signer; /* of the log; its name is the origin */
    struct str node;                  /* short name */
};
enum outcome witnesses_open(struct witnesses **out, const struct witnesses_options *options,
                            struct err *e);
/* Among several, who leads shows checkpoints, having read how it stands with each; the others count
 * contradictions alone. A runner that was just opened leads. */
enum outcome witnesses_lead(struct witnesses *w, bool leads, struct err *e);
void witnesses_close(struct witnesses *w);
/* From now on checkpoints are shown to these, maybe none, and what is kept of others goes; both
 * borrowed, the transport NULL where there are none. Before the writer's thread begins. */
enum outcome witnesses_use(struct witnesses *w, const struct outbox_transport *transport,
                           const struct witness_setup *setup, struct err *e);
/* Takes answers, says what they came to, shows what is due; *busy while something is on its way.
 * Never waits. On the writer's thread. */
enum outcome witnesses_step(struct witnesses *w, bool *busy, struct err *e);
void witnesses_committed(struct witnesses *w, const struct gate_happened *events, size_t n);

/* By any thread: how many contradict, by the log; and how many there are and must agree (0 of 0:
 * none is configured). NULL: none. */
size_t witnesses_contradicting(const struct witnesses *w);
void witnesses_counted(const struct witnesses *w, size_t *n, size_t *quorum);

#endif
