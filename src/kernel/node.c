/* Opening a node: keyring, store, enduring tables, ledger, projections, gate, in this order,
 * because each rests on the one before. Closing goes back the same way. */
#include "kernel/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/id.h"
#include "base/log.h"
#include "gen/kernel/node.sql.h"
#include "kernel/file.h"
#include "kernel/node_impl.h"
#include "kernel/store_name.h"
#include "kernel/trail.h"

enum outcome node_files(char *out, size_t size, const char *path, struct err *e)
{
    if (store_name_files(out, size, path, e) == OK)
        return OK;
    return store_name_is_url(path) ? e->outcome : REFUSE(e, "node.path_too_long");
}

enum outcome node_key_paths(struct node_key_paths *out, struct keyring_options *keys,
                            const struct node_options *o, struct err *e)
{
    char files[NODE_PATH_MAX];
    TRY(node_files(files, sizeof files, o->path, e));
    int a = snprintf(out->keys, sizeof out->keys, "%s.keys", files);
    int b = snprintf(out->root, sizeof out->root, "%s.root", files);
    if (a < 0 || b < 0 || (size_t)a >= sizeof out->keys || (size_t)b >= sizeof out->root)
        return REFUSE(e, "node.path_too_long");
    *keys = (struct keyring_options){
        .env = o->env ? o->env : &env_system,
        .path = out->keys,
        .root_path = o->passphrase.p || o->token ? NULL : out->root,
        .token = o->token,
        .passphrase = o->passphrase,
        .create = o->create,
    };
    return OK;
}

static enum outcome node_make_keys(struct node *n, const struct node_options *o, struct err *e)
{
    struct node_key_paths paths;
    struct keyring_options options;
    TRY(node_key_paths(&paths, &options, o, e));
    return keyring_open(&n->keys, &options, e);
}

/* No one else writes, since the writer's place is ours. */
static enum outcome node_upgrade_keys(struct node *n, const struct node_options *o, struct err *e)
{
    struct node_key_paths paths;
    struct keyring_options options;
    const bool old = keyring_is_old(n->keys);
    TRY(node_key_paths(&paths, &options, o, e));
    TRY(keyring_upgrade(n->keys, &options, e));
    if (old)
        LOG(n->env, LOG_INFO, "node.keys_upgraded");
    return OK;
}

enum outcome node_signer_set(struct node *n, struct str origin, int64_t epoch, struct err *e)
{
    uint8_t seed[32];
    keyring_signer_seed(n->keys, seed, epoch > 1 ? origin : (struct str){ 0 });
    TRY(note_signer_init(&n->signer, origin, seed, e));
    struct buf vkey = buf_in(n->impl->arena, NOTE_KEY_NAME_MAX + 80);
    note_vkey_write(&vkey, &n->signer);
    n->vkey = buf_get(&vkey);
    return buf_check(&vkey, e);
}

static enum outcome node_open_files(struct node *n, struct err *e)
{
    char folder[NODE_PATH_MAX];
    const int length = snprintf(folder, sizeof folder, "%.*s.files", STR(n->impl->files));
    if (length < 0 || (size_t)length >= sizeof folder)
        return REFUSE(e, "node.path_too_long");
    const struct files_options options = { .env = n->env, .keys = n->keys, .folder = folder };
    return files_open(&n->files, &options, e);
}

/* Name and origin: as stored, or as given at creation. Sets the signer. */
static enum outcome node_identity(struct node *n, struct db *db, const struct node_options *o,
                                  struct err *e)
{
    struct arena *arena = n->impl->arena;
    struct node_self_out self;
    bool found;
    TRY(db_get(db, &sql_node_self, NULL, &self, arena, &found, e));
    if (found)
        TRY(node_schema_check(self.schema, o->read_only && o->log_alone, e));
    if (!found) {
        if (!o->create)
            return REFUSE(e, "node.not_a_node");
        struct id random = id_new(n->env);
        self.name = str_z(o->name ? o->name : "n1");
        self.origin =
            o->origin ? str_z(o->origin) : arena_printf(arena, "vein.local/%s", random.text + 24);
        if (!self.origin.p)
            return err_no_memory(e);
    }
    int64_t epoch;
    TRY(ledger_epoch(db, &epoch, e));
    TRY(node_signer_set(n, self.origin, epoch, e));
    n->impl->name = self.name;
    if (!found) {
        struct node_self_set_in in = { self.name, self.origin, n->vkey, node_schema_version() };
        return db_run(db, &sql_node_self_set, &in, NULL, e);
    }
    if (!str_eq(self.vkey, n->vkey))
        return REFUSE(e, "node.other_keys");
    return OK;
}

static enum outcome node_enduring_tables(struct node *n, const struct node_options *o,
                                         struct err *e)
{
    struct db *db = n->impl->writer;
    struct node_upgrade upgrade;
    TRY(db_begin(db, e));
    enum outcome done = node_tables_make(&upgrade, db, o->create, n->impl->arena, e);
    if (done == OK)
        done = node_identity(n, db, o, e);
    if (done == OK)
        done = db_commit(db, e);
    else
        db_rollback(db);
    if (done == OK && upgrade.from < upgrade.to)
        LOG(n->env, LOG_INFO, "node.upgraded", LOG_F_INT("from", upgrade.from),
            LOG_F_INT("to", upgrade.to));
    return done;
}

/* Projections whose text changed are built anew, unless that was done beforehand; one that changed
 * takes all, because a rebuild reads the whole ledger anyway. */
static enum outcome node_projections(struct node *n, struct err *e)
{
    size_t nmodules;
    const struct module *const *modules = registry_modules(n->registry, &nmodules);
    bool current;
    TRY(node_projections_current(&current, n->impl->writer, modules, nmodules, n->impl->arena, e));
    if (current)
        return OK;
    bool taken;
    TRY(node_prepared_take(&taken, n, e));
    return taken ? OK : node_rebuild(n, e);
}

/* After each commit: the node's own parts first, then whoever opened it. */
static void node_committed(void *context, const struct gate_happened *events, size_t n_events)
{
    struct node *n = context;
    if (n->timers)
        timers_committed(n->timers);
    if (n->policies)
        policies_committed(n->policies, events, n_events);
    if (n->jobs)
        jobs_committed(n->jobs, events, n_events);
    if (n->outbox)
        outbox_committed(n->outbox, events, n_events);
    if (n->search)
        search_committed(n->search, events, n_events);
    if (n->trail && n_events > 0)
        trail_committed(n->trail, events[n_events - 1].sequence);
    if (n->erasures)
        erasures_committed(n->erasures, events, n_events);
    if (n->witnesses)
        witnesses_committed(n->witnesses, events, n_events);
    if (n->impl->committed)
        n->impl->committed(n->impl->context, events, n_events);
}

static enum outcome node_open_witnesses(struct node *n, struct err *e)
{
    const struct witnesses_options options = {
        .gate = n->gate,
        .writer = n->impl->writer,
        .env = n->env,
        .signer = &n->signer,
        .node = n->impl->name,
    };
    return registry_event(n->registry, S("witness.agreed"), 1)
               ? witnesses_open(&n->witnesses, &options, e)
               : OK;
}

static enum outcome node_open_search(struct node *n, struct err *e)
{
    const struct search_options options = {
        .writer = n->impl->writer,
        .keys = n->keys,
        .registry = n->registry,
        .env = n->env,
    };
    return search_among(n->registry) ? search_open(&n->search, &options, e) : OK;
}

static enum outcome node_open_trail(struct node *n, struct err *e)
{
    const struct looks_options looks = {
        .gate = n->gate,
        .writer = n->impl->writer,
        .registry = n->registry,
        .env = n->env,
        .node = n->impl->name,
    };
    const struct trail_options trail = {
        .writer = n->impl->writer,
        .registry = n->registry,
        .env = n->env,
    };
    TRY(looks_open(&n->looks, &looks, e));
    return trail_among(n->registry) ? trail_open(&n->trail, &trail, e) : OK;
}

static enum outcome node_open_erasures(struct node *n, struct err *e)
{
    const struct erasures_options options = {
        .writer = n->impl->writer,
        .keys = n->keys,
        .files = n->files,
        .search = n->search,
        .registry = n->registry,
        .env = n->env,
        .list = arena_printf(n->impl->arena, "%.*s.erased", STR(n->impl->files)).p,
        .follows = !n->impl->leads,
    };
    return options.list ? erasures_open(&n->erasures, &options, e) : err_no_memory(e);
}

/* What changes keyring or tables for good, or builds them anew. */
static enum outcome node_bring_up(struct node *n, const struct node_options *o, struct err *e)
{
    TRY(node_upgrade_keys(n, o, e));
    TRY(node_enduring_tables(n, o, e));
    return o->restore ? node_restore_begin(n, o->restore, e) : OK;
}

static enum outcome node_open_ledger(struct node *n, struct err *e)
{
    const struct ledger_options options = {
        .env = n->env,
        .node = n->impl->name,
        .signer = &n->signer,
    };
    return ledger_open(&n->ledger, n->impl->writer, &options, e);
}

/* Nothing is built of a ledger that was not looked at. After a cut all is built anew: the tables
 * hold what came of the events behind it. */
static enum outcome node_take_alone(struct node *n, const struct node_options *o, struct err *e)
{
    TRY(store_writer(&n->impl->writer, n->store, e));
    TRY(node_bring_up(n, o, e));
    TRY(node_open_ledger(n, e));
    return o->restore && o->restore->cut ? node_rebuild(n, e) : node_projections(n, e);
}

static void node_give_writer(struct node *n)
{
    ledger_close(n->ledger);
    n->ledger = NULL;
    db_close(n->impl->writer);
    n->impl->writer = NULL;
}

/* Among several that serve, whoever finds everything as this program wants it takes its place
 * beside them. Else it must be the only one while it is brought so. */
static enum outcome node_take_shared(struct node *n, const struct node_options *o, struct err *e)
{
    bool stands = false, lead;
    TRY(store_writer_shared(&n->impl->writer, n->store, e));
    if (!o->create)
        TRY(node_stands(&stands, n, e));
    if (!stands) {
        node_give_writer(n);
        TRY(node_take_alone(n, o, e));
        node_give_writer(n);
        TRY(store_writer_shared(&n->impl->writer, n->store, e));
        TRY(node_stands(&stands, n, e));
    }
    if (!stands)
        return REFUSE(e, "store.in_use");
    TRY(db_lead(n->impl->writer, &lead, e));
    n->impl->leads = lead;
    TRY(node_identity(n, n->impl->writer, o, e));
    return node_open_ledger(n, e);
}

/* Whose leases are whose: with others there, each process is a runner of its own. */
static enum outcome node_runner(struct node *n, struct err *e)
{
    const struct id random = id_new(n->env);
    n->impl->runner = n->impl->name;
    if (db_shared(n->impl->writer))
        n->impl->runner =
            arena_printf(n->impl->arena, "%.*s-%s", STR(n->impl->name), random.text + 24);
    return n->impl->runner.p ? OK : err_no_memory(e);
}

static enum outcome node_open_writer(struct node *n, const struct node_options *o, struct err *e)
{
    n->impl->leads = true;
    TRY(o->served ? node_take_shared(n, o, e) : node_take_alone(n, o, e));
    TRY(node_runner(n, e));
    struct gate_options gate = {
        .env = n->env,
        .store = n->store,
        .writer = n->impl->writer,
        .ledger = n->ledger,
        .keys = n->keys,
        .registry = n->registry,
        .committed = node_committed,
        .context = n,
        .answered = o->answered,
    };
    TRY(gate_open(&n->gate, &gate, e));
    TRY(timers_open(&n->timers, n->gate, n->ledger, n->impl->writer, n->env, e));
    struct policies_options policies = {
        .gate = n->gate,
        .writer = n->impl->writer,
        .keys = n->keys,
        .registry = n->registry,
        .env = n->env,
    };
    TRY(policies_open(&n->policies, &policies, e));
    struct jobs_options jobs = {
        .gate = n->gate,
        .writer = n->impl->writer,
        .keys = n->keys,
        .env = n->env,
        .runner = n->impl->runner,
    };
    if (registry_event(n->registry, S("job.queued"), 1))
        TRY(jobs_open(&n->jobs, &jobs, e));
    struct outbox_options outbox = {
        .gate = n->gate,
        .writer = n->impl->writer,
        .keys = n->keys,
        .env = n->env,
        .runner = n->impl->runner,
    };
    if (registry_event(n->registry, S("message.queued"), 1))
        TRY(outbox_open(&n->outbox, &outbox, e));
    TRY(node_open_search(n, e));
    TRY(node_open_trail(n, e));
    TRY(node_open_erasures(n, e));
    TRY(node_open_witnesses(n, e));
    TRY(node_lead_say(n, n->impl->leads, e));
    return o->restore ? node_restore_end(n, o->restore, e) : OK;
}

static enum outcome node_open_reader(struct node *n, const struct node_options *o, struct err *e)
{
    struct db *db;
    TRY(store_reader_take(&db, n->store, e));
    enum outcome done = node_identity(n, db, o, e);
    store_reader_give(n->store, db);
    return done;
}

enum outcome node_open(struct node *out, const struct node_options *options, struct err *e)
{
    *out = (struct node){ .env = options->env ? options->env : &env_system };
    out->impl = calloc(1, sizeof *out->impl);
    struct arena *arena = arena_new(16 << 20);
    if (!out->impl || !arena) {
        free(out->impl);
        arena_free(arena);
        *out = (struct node){ 0 };
        return err_no_memory(e);
    }
    out->impl->arena = arena;
    out->impl->committed = options->committed;
    out->impl->heard = options->heard;
    out->impl->context = options->context;
    out->impl->path = arena_str(arena, str_z(options->path)).p;
    struct store_options store = {
        .path = options->path,
        .vfs = options->vfs,
        .create = options->create,
        .read_only = options->read_only,
        .served = options->served,
    };
    char files[NODE_PATH_MAX];
    enum outcome o = node_files(files, sizeof files, options->path, e);
    if (o == OK) {
        out->impl->files = arena_str(arena, str_z(files));
        o = out->impl->path && out->impl->files.p ? OK : err_no_memory(e);
    }
    if (o == OK)
        o = registry_new(&out->registry, options->modules, options->nmodules, e);
    if (o == OK)
        o = store_open(&out->store, &store, e);
    if (o == OK)
        o = node_make_keys(out, options, e);
    if (o == OK)
        o = node_open_files(out, e);
    if (o == OK)
        o = options->read_only ? node_open_reader(out, options, e)
                               : node_open_writer(out, options, e);
    if (o != OK)
        node_close(out);
    return o;
}

/* Answers what is queued and signs what is durable. */
static void node_drain(struct node *n)
{
    struct err e = { 0 };
    size_t ran = 1;
    if (n->impl->leads && looks_anchor_now(n->looks, &e) != OK)
        log_err(n->env, "node.close", &e);
    gate_shut(n->gate);
    while (ran > 0)
        if (gate_step(n->gate, &ran, &e) != OK)
            log_err(n->env, "node.close", &e);
    if (gate_checkpoint_step(n->gate, 0, &e) != OK)
        log_err(n->env, "node.close", &e);
}

void node_close(struct node *n)
{
    if (!n->impl)
        return;
    if (n->gate && n->looks)
        node_drain(n);
    looks_close(n->looks);
    trail_close(n->trail);
    struct err e = { 0 };
    if (n->erasures && n->impl->leads && erasures_step(n->erasures, &e) != OK)
        log_err(n->env, "node.close", &e);
    erasures_close(n->erasures);
    witnesses_close(n->witnesses);
    search_close(n->search, n->impl->leads);
    outbox_close(n->outbox);
    jobs_close(n->jobs);
    policies_close(n->policies);
    timers_close(n->timers);
    gate_close(n->gate);
    ledger_close(n->ledger);
    if (n->impl->writer)
        db_close(n->impl->writer);
    store_close(n->store);
    files_close(n->files);
    keyring_close(n->keys);
    registry_free(n->registry);
    arena_free(n->impl->arena);
    free(n->impl);
    *n = (struct node){ 0 };
}
