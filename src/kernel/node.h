/* A node: one database with its keyring, ledger and gate, opened together and closed together. What
 * `vein serve`, the command line, the simulation and the tests all stand on. */
#ifndef VEIN_KERNEL_NODE_H
#define VEIN_KERNEL_NODE_H

#include "kernel/erase.h"
#include "kernel/job.h"
#include "kernel/look.h"
#include "kernel/module.h"
#include "kernel/outbox.h"
#include "kernel/policy.h"
#include "kernel/search.h"
#include "kernel/timer.h"
#include "kernel/witness.h"

struct node {
    const struct env *env;
    struct store *store;
    struct keyring *keys;
    struct ledger *ledger;       /* NULL when opened for reading only */
    struct gate *gate;           /* likewise */
    struct timers *timers;       /* likewise */
    struct policies *policies;   /* likewise */
    struct files *files;         /* contents, in F.files (file.h) */
    struct jobs *jobs;           /* likewise, and without the job module */
    struct outbox *outbox;       /* likewise, and without the outbox module */
    struct search *search;       /* likewise, and without the search module */
    struct witnesses *witnesses; /* likewise, and without the witness module */
    struct trail *trail;         /* likewise, and without the trail module */
    struct looks *looks;         /* likewise; NULL when opened for reading only */
    struct erasures *erasures;   /* likewise */
    struct registry *registry;
    struct note_signer signer;
    struct str vkey; /* of the signer */
    struct node_impl *impl;
};

/* The files of this node were put back from a backup and nobody has opened them since. It begins a
 * new epoch of the log (epoch.h), of which this is the first thing recorded. */
struct node_restore {
    bool cut; /* to `size` events first; what was derived from later ones is built anew */
    uint64_t size;
    struct str reason;  /* why, in a person's words */
    struct str known;   /* last checkpoint of the old log that is known; absent: none */
    int64_t known_size; /* of it */
};

struct node_options {
    const struct env *env; /* NULL: env_system */
    const char *path;      /* of the database F; keys are F.keys and F.root */
    const char *vfs;       /* NULL: the system's */
    bool create;           /* make database, keyring and root key; else they must exist */
    bool served;           /* by a server, for people who wait: beside other servers, where the
                              database takes several (store_writer_shared) */
    bool read_only;        /* readers only: no gate, may run beside a server */
    bool log_alone;        /* a reader of the log alone: enduring tables of an older version will do
                              while those of the log have kept their shape since (node_prepare) */
    const char *name;      /* node's short name at creation; NULL: "n1" */
    const char *origin;    /* log's origin at creation; NULL: "vein.local/<random>" */
    struct str passphrase; /* of the root key; absent: … */
    const char *token;     /* … it is in this one (keyring_token.h); NULL: key file */
    const struct node_restore *restore; /* NULL: the ordinary case */
    const struct module *const *modules;
    size_t nmodules;
    gate_committed_fn *committed; /* see gate_options */
    void *context;
    gate_answered_fn *answered; /* likewise */
    db_heard_fn *heard;         /* what other processes told (node_tell); MAY */
};

/* The options of the node's keyring, with the paths that they borrow. REFUSED
 * "node.path_too_long". */
enum { NODE_PATH_MAX = 1024 };
struct node_key_paths {
    char keys[NODE_PATH_MAX];
    char root[NODE_PATH_MAX];
};
/* The path beside which what is no table of the database lies (kernel/store_name.h): F of F.keys.
 * REFUSED "node.path_too_long", "store.name". */
enum outcome node_files(char *out, size_t size, const char *path, struct err *e);
enum outcome node_key_paths(struct node_key_paths *out, struct keyring_options *keys,
                            const struct node_options *o, struct err *e);

/* Opens or creates; REFUSED "node.restore_empty" for a restore of a log without events. Enduring
 * tables migrate forward; projections whose schema changed are rebuilt from the ledger before
 * anything else happens. */
enum outcome node_open(struct node *out, const struct node_options *options, struct err *e);
/* What opening does, or would do, with the tables of an older program. */
struct node_upgrade {
    int64_t from, to;         /* versions of the enduring tables; the same: nothing to do */
    const char *const *steps; /* names of the to - from scripts, in their order */
    bool rebuilds;            /* projections will be built anew from the ledger */
};
/* Brings the enduring tables of the database at options->path forward in one transaction, as
 * opening it does, and tells what that was. With dry_run every step is run and taken back: what
 * would fail fails, and nothing is changed. The keyring is not touched. REFUSED
 * "node.newer_schema", "store.in_use". */
enum outcome node_upgrade(struct node_upgrade *out, const struct node_options *options,
                          bool dry_run, struct err *e);

/* Builds the projections of this program beside the living ones, which another program may go on
 * serving and writing: in F.next, up to the last event. Called again it goes on from where it was.
 * n is open for reading only. When this program next opens F for writing, its set is put in the
 * place of the old one, and what was recorded since is all that is left to apply. What was begun by
 * a program with other projections, or from another log, is thrown away. REFUSED "store.in_use". */
struct node_prepared {
    int64_t events; /* applied by this call */
    int64_t size;   /* all of them: the set says what the first `size` events say */
    bool needed;    /* false: the living projections are those of this program; nothing was done */
};
enum outcome node_prepare(struct node_prepared *out, struct node *n, struct err *e);

/* Every schema whose tables such a node has, as this program makes them; their number. */
enum { NODE_SCHEMAS_MAX = 64 };
size_t node_schemas(const struct sql_schema **out, size_t max, const struct module *const *modules,
                    size_t nmodules);

/* db_spread by the node's writer. */
enum outcome node_spread(struct node *n, const struct store_spread *rows, size_t nrows,
                         size_t *changed, struct err *e);

/* Runs what is queued, signs the last checkpoint, closes. */
void node_close(struct node *n);

/* Whether other processes may serve the same database. */
bool node_shared(const struct node *n);
/* Tells them a text, as db_tell does; lost where a process is down. On the writer's thread; does
 * nothing where there are none. */
void node_tell(struct node *n, const char *text);
/* Whether this process leads: it always does, but where several serve one database. Any thread. */
bool node_leads(const struct node *n);
/* Why no command is taken just now, as the code of a fault: the writer failed or has lost its
 * database, or hangs ("node.hangs") since NODE_HANGS_US; NULL: they are. Any thread. */
#define NODE_HANGS_US (10 * TIME_SECOND)
const char *node_trouble(const struct node *n);
/* One turn of the node's work, on the writer's thread: a group of commands, policies, due timers,
 * jobs, messages, the search index, a checkpoint when one is due since checkpoint_us. *busy is true
 * while there is more to do at once. Never waits: whoever calls it decides how (gate_wait, or
 * simulated time).
 *
 * Where several serve one database, erasures, policies, timers and indexes are stepped by the one
 * that leads, and it alone takes up jobs and messages and shows checkpoints to witnesses; the
 * others see to the end what they had taken up, and look each second whether the lead is free. A
 * writer whose connection is lost closes it, answers commands with that fault, and opens another,
 * with waits that double up to NODE_AGAIN_MAX_US: then all that it knew of the database is read
 * anew, which is the new start that a failed commit asks for. Such faults are logged and no fault
 * of this function's; others are, and nothing is written any more. */
#define NODE_AGAIN_US     (TIME_SECOND / 10)
#define NODE_AGAIN_MAX_US (5 * TIME_SECOND)
enum outcome node_step(struct node *n, int64_t checkpoint_us, bool *busy, struct err *e);
/* Wall time at which something is due next (a timer, something that is tried again); TIME_NONE when
 * nothing waits. For simulated time. */
enum outcome node_next(struct node *n, int64_t *due, struct err *e);

/* How many events had been recorded by then: the first that was recorded later, and all behind it,
 * are not counted. */
enum outcome node_size_at(uint64_t *size, struct node *n, int64_t until_us, struct err *e);

/* Rebuilds all projections from the ledger into a database beside this one and compares table by
 * table: count and hash over all rows. *same false: `difference` names the first table that
 * differs. */
struct node_rebuild {
    int64_t events;
    size_t tables;
    bool same;
    char difference[80];
    int64_t
        unsearched;    /* events that the search index has not followed yet: then it was left out */
    int64_t untrailed; /* likewise of the trail's */
};
enum outcome node_rebuild_check(struct node *n, struct node_rebuild *out, struct err *e);
/* Throws the projections away and builds them anew. */
enum outcome node_rebuild(struct node *n, struct err *e);

#endif
