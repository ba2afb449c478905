/* A bit of the disk flips while the node is down. Somebody says so, the store, the verifier or the
 * comparison with a rebuild; or no answer differs. The node then goes on from the disk as it was.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/cli.h"
#include "app/tests/bundle_folder.h"
#include "app/tests/storm.h"
#include "verify/verify.h"

enum { COPIED_MAX = 64 << 20 };

static void copy(struct storm *w, const char *to, const char *name, bool flip)
{
    char path[160];
    arena_reset(w->scratch);
    snprintf(path, sizeof path, "%s/%s", w->home, name);
    FILE *f = fopen(path, "rb");
    if (!f)
        return;
    char *bytes = arena_alloc(w->scratch, COPIED_MAX / 2);
    BUG_ON(!bytes);
    const size_t n = fread(bytes, 1, COPIED_MAX / 2, f);
    fclose(f);
    if (flip && n > 0) {
        const size_t at = storm_draw(w, (uint32_t)n);
        bytes[at] = (char)(bytes[at] ^ (1 << storm_draw(w, 8)));
        storm_tell(w, "of byte %zu of %zu", at, n);
    }
    bundle_put(to, name, (struct str){ bytes, n });
}

/* What verifies there: its size and root; false: it does not. */
static bool verifies(const char *path, struct verify_report *out)
{
    const struct verify_options options = { .vkey = NULL };
    memset(out, 0, sizeof *out);
    return verify_db(path, &options, out);
}

/* Whether a node on it finds its own storage and projections good. */
static bool good(struct storm *w, const char *path)
{
    struct env_sim env = w->env;
    struct node node = { 0 };
    struct node_rebuild rebuilt = { 0 };
    struct err e = { 0 };
    env.env.context = &env;
    struct node_options options = { .env = &env.env, .path = path };
    options.modules = cli_modules(&options.nmodules);
    if (node_open(&node, &options, &e) != OK)
        return false;
    const bool is = store_check(node.store, &e) == OK &&
                    node_rebuild_check(&node, &rebuilt, &e) == OK && rebuilt.same;
    node_close(&node);
    return is;
}

void storm_rot(struct storm *w)
{
    static const char *const names[] = { "db", "db-wal", "db.keys", "db.root" };
    static struct verify_report as_it_was, as_it_is;
    char folders[2][100], paths[2][120];
    for (int flip = 0; flip < 2; flip++) {
        snprintf(folders[flip], sizeof folders[flip], "%s/rot%d", w->folder, flip);
        snprintf(paths[flip], sizeof paths[flip], "%s/db", folders[flip]);
        BUG_ON(mkdir(folders[flip], 0700) != 0);
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            copy(w, folders[flip], names[i], flip && i == 0);
    }
    if (!verifies(paths[0], &as_it_was))
        storm_wrong(w, "after a power cut it does not verify: %s", as_it_was.reason);
    else if (!verifies(paths[1], &as_it_is))
        storm_tell(w, "the verifier says so: %s", as_it_is.bad_item);
    else if (!good(w, paths[1]))
        storm_tell(w, "the node says so");
    else if (as_it_is.count != as_it_was.count ||
             strcmp(as_it_is.root_hex, as_it_was.root_hex) != 0)
        storm_wrong(w, "a bit of the disk flipped, another ledger is there, and nobody says so");
    else
        storm_tell(w, "nothing differs");
    bundle_remove(folders[0]);
    bundle_remove(folders[1]);
}
