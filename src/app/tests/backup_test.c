/* Backups taken while others write, put back, taken back to a moment; and everything that must not
 * be put back. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/backup.h"
#include "app/cli.h"
#include "base/id.h"
#include "base/log.h"
#include "base/tests/folder.h"
#include "kernel/copy.h"
#include "kernel/erase.h"
#include "kernel/tests/test_db.h"
#include "verify/verify.h"

static char folder[64];
static char files[128], db[TEST_DB_NAME_MAX], keys[128], root[128];
static struct arena *arena;

static const struct grant grants[] = {
    { .permission = S("deviation.open"), .organisation = S("00000000-0000-8000-a000-000000000001") }
};
static const struct actor actor = {
    .name = S("account/00000000-0000-8000-a000-000000000003"),
    .account = S("00000000-0000-8000-a000-000000000003"),
    .organisation = S("00000000-0000-8000-a000-000000000001"),
    .site = S("00000000-0000-8000-a000-000000000002"),
    .grants = grants,
    .ngrants = 1,
};

/* --- a node that works meanwhile ---------------------------------------------------------------*/

struct busy {
    pthread_t thread;
    struct node node;
    bool stop;
    int64_t acknowledged;
};

static enum outcome open_deviation(struct node *n, uint64_t number, bool *repeated, struct err *e)
{
    struct arena *own = arena_new(1 << 20);
    struct gate_answer answer;
    struct id id = id_derive(S("backup"), S("command"), number);
    const struct gate_command command = {
        .id = id_str(&id),
        .name = S("deviation.open"),
        .body = S("{\"kind\":\"other\",\"risk\":\"minor\",\"description\":\"the lamp is out\"}"),
        .actor = &actor,
        .happened = TIME_NONE,
        .entered = TIME_NONE,
        .arena = own,
    };
    enum outcome o = gate_run(n->gate, &command, &answer, e);
    *repeated = answer.repeated;
    arena_free(own);
    return o;
}

static void *work(void *context)
{
    struct busy *b = context;
    struct err e = { 0 };
    bool repeated;
    while (!__atomic_load_n(&b->stop, __ATOMIC_ACQUIRE)) {
        if (open_deviation(&b->node, (uint64_t)b->acknowledged, &repeated, &e) != OK)
            break;
        __atomic_add_fetch(&b->acknowledged, 1, __ATOMIC_ACQ_REL);
        if (b->acknowledged % 50 == 0 && gate_checkpoint_step(b->node.gate, 0, &e) != OK)
            break;
    }
    return NULL;
}

static void busy_start(struct busy *b)
{
    int code;
    *b = (struct busy){ 0 };
    assert_true(cli_node_open(&b->node, db, true, false, &code));
    assert_int_equal(pthread_create(&b->thread, NULL, work, b), 0);
}

static void busy_stop(struct busy *b)
{
    __atomic_store_n(&b->stop, true, __ATOMIC_RELEASE);
    pthread_join(b->thread, NULL);
    node_close(&b->node);
}

static int64_t busy_acknowledged(struct busy *b)
{
    return __atomic_load_n(&b->acknowledged, __ATOMIC_ACQUIRE);
}

/* --- helpers -----------------------------------------------------------------------------------*/

static int setup(void **state)
{
    (void)state;
    log_set_level(LOG_ERROR);
    test_folder(folder, sizeof folder, "backup");
    snprintf(files, sizeof files, "%s/vein.db", folder);
    test_db_name(db, files);
    snprintf(keys, sizeof keys, "%s/apart.keys", folder);
    snprintf(root, sizeof root, "%s/vein.db.root", folder);
    arena = arena_new(16 << 20);
    assert_non_null(arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    char command[96];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    arena_free(arena);
    return system(command) == 0 ? 0 : -1;
}

static void in_folder(char out[160], const char *name)
{
    snprintf(out, 160, "%s/%s", folder, name);
}

static enum outcome restore(const char *from, const char *to, int64_t until_us,
                            const char *checkpoint, struct backup_restored *out, struct err *e)
{
    const struct backup_restore what = {
        .dir = from,
        .keys = keys,
        .root = root,
        .to = to,
        .until_us = until_us,
        .checkpoint = checkpoint,
        .reason = S("drill"),
        .env = &env_system,
    };
    *e = (struct err){ 0 };
    return backup_restore(out, &what, arena, e);
}

static void must_refuse(enum outcome o, const struct err *e, const char *code)
{
    assert_int_equal(o, REFUSED);
    assert_string_equal(e->code, code);
}

static uint64_t verified(const char *path)
{
    const struct verify_options options = { 0 };
    struct verify_report report = { 0 };
    if (!verify_db(path, &options, &report))
        fail_msg("%s: %s: %s", path, report.bad_item, report.reason);
    assert_int_equal(report.signed_size, report.count);
    return report.count;
}

/* What an interrupted or refused restore may leave: nothing. */
static void nothing_at(const char *path)
{
    static const char *const tails[] = { "",           ".keys",           ".root",
                                         ".restoring", ".restoring.keys", ".restoring.root" };
    char name[200];
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        snprintf(name, sizeof name, "%s%s", path, tails[i]);
        assert_int_equal(access(name, F_OK), -1);
    }
}

/* --- tests -------------------------------------------------------------------------------------*/

/* partial: OPS-01 online backup under load, every acknowledged command of its moment is in it, and
 * the restored system goes on under a log of its own. */
static void a_backup_under_load_is_whole(void **state)
{
    (void)state;
    struct busy b;
    struct err e = { 0 };
    char dir[160], to[160];
    busy_start(&b);
    for (int i = 0; i < 4; i++) {
        int64_t before;
        while ((before = busy_acknowledged(&b)) < 100 * (i + 1))
            usleep(1000);
        struct backup_manifest m;
        snprintf(dir, sizeof dir, "%s/backup%d", folder, i);
        if (backup_make(&m, db, dir, arena, &e) != OK)
            fail_msg("%s %s", e.code, e.detail);
        assert_in_range(m.events, before, busy_acknowledged(&b) + 1);
        assert_int_equal(backup_check(&m, dir, arena, &e), OK);
    }
    assert_int_equal(backup_keys(db, keys, dir, &e), OK);
    busy_stop(&b);

    struct backup_restored out;
    in_folder(to, "restored.db");
    if (restore(dir, to, TIME_NONE, NULL, &out, &e) != OK)
        fail_msg("%s %s", e.code, e.detail);
    assert_int_equal(out.lacking, 0);
    assert_int_equal(verified(to), out.events + 1);

    struct node n;
    struct node_rebuild same;
    int code;
    bool repeated;
    assert_true(cli_node_open(&n, to, false, false, &code));
    assert_string_not_equal(n.signer.name, "");
    assert_non_null(strstr(n.signer.name, "~2-")); /* not the log that was published */
    assert_int_equal(node_rebuild_check(&n, &same, &e), OK);
    assert_true(same.same);
    assert_int_equal(open_deviation(&n, 1, &repeated, &e), OK);
    assert_true(repeated); /* what was acknowledged before the backup is known */
    assert_int_equal(open_deviation(&n, 99999999, &repeated, &e), OK);
    assert_false(repeated);
    node_close(&n);
    assert_int_equal(verified(to), out.events + 2);
    must_refuse(restore(dir, to, TIME_NONE, NULL, &out, &e), &e, "restore.exists");
}

/* A backup, then work that it does not have, of which somebody keeps a checkpoint. */
static void what_is_lost_is_said(void **state)
{
    (void)state;
    struct busy b;
    struct err e = { 0 };
    struct backup_manifest m;
    struct backup_restored out;
    char dir[160], to[160], note_path[160], foreign[160];
    in_folder(dir, "b"), in_folder(to, "r.db"), in_folder(note_path, "checkpoint");
    in_folder(foreign, "foreign");
    busy_start(&b);
    while (busy_acknowledged(&b) < 60)
        usleep(1000);
    assert_int_equal(backup_make(&m, db, dir, arena, &e), OK);
    assert_int_equal(backup_keys(db, keys, dir, &e), OK);
    int64_t more = busy_acknowledged(&b) + 60;
    while (busy_acknowledged(&b) < more)
        usleep(1000);
    busy_stop(&b);

    struct node n;
    int code;
    struct db *reader;
    struct str note;
    assert_true(cli_node_open(&n, db, false, true, &code));
    assert_int_equal(store_reader_take(&reader, n.store, &e), OK);
    assert_int_equal(ledger_last_checkpoint(reader, &note, arena, &e), OK);
    store_reader_give(n.store, reader);
    node_close(&n);
    FILE *f = fopen(note_path, "w");
    assert_int_equal(fwrite(note.p, 1, note.n, f), note.n);
    fclose(f);
    f = fopen(foreign, "w");
    fwrite(note.p, 1, note.n - 3, f); /* another signature of the same form */
    fputs(note.p[note.n - 3] == 'A' ? "E=\n" : "A=\n", f);
    fclose(f);

    must_refuse(restore(dir, to, TIME_NONE, foreign, &out, &e), &e, "restore.foreign_checkpoint");
    nothing_at(to);
    assert_int_equal(restore(dir, to, TIME_NONE, note_path, &out, &e), OK);
    struct checkpoint c;
    assert_int_equal(checkpoint_read(&c, note, &e), OK);
    assert_true((int64_t)c.size > m.events);
    assert_int_equal(out.lacking, (int64_t)c.size - m.events);
    verified(to);
}

/* partial: OPS-01 point in time: exactly what had been recorded by then, and what was asked later
 * may be asked again. */
static void back_to_a_moment(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct node n;
    int code;
    bool repeated;
    char dir[160], to[160];
    in_folder(dir, "b"), in_folder(to, "r.db");
    assert_true(cli_node_open(&n, db, true, false, &code));
    for (uint64_t i = 0; i < 300; i++)
        assert_int_equal(open_deviation(&n, i, &repeated, &e), OK);
    int64_t moment = env_system.now_us(env_system.context);
    usleep(2000);
    for (uint64_t i = 300; i < 340; i++)
        assert_int_equal(open_deviation(&n, i, &repeated, &e), OK);
    node_close(&n);
    struct backup_manifest m;
    struct backup_restored out;
    assert_int_equal(backup_make(&m, db, dir, arena, &e), OK);
    assert_int_equal(backup_keys(db, keys, dir, &e), OK);
    must_refuse(restore(dir, to, 1, NULL, &out, &e), &e, "restore.nothing_by_then");
    nothing_at(to);
    if (restore(dir, to, moment, NULL, &out, &e) != OK)
        fail_msg("%s %s", e.code, e.detail);
    assert_int_equal(out.events, 300);
    assert_int_equal(verified(to), 301);
    struct node_rebuild same;
    assert_true(cli_node_open(&n, to, false, false, &code));
    assert_int_equal(node_rebuild_check(&n, &same, &e), OK);
    assert_true(same.same);
    assert_int_equal(open_deviation(&n, 299, &repeated, &e), OK);
    assert_true(repeated);
    assert_int_equal(open_deviation(&n, 300, &repeated, &e), OK);
    assert_false(repeated);
    node_close(&n);
}

/* Contents too large for an event go with it; half an upload does not. */
static void contents_go_with_it(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct node n;
    int code;
    bool repeated;
    struct backup_manifest m;
    struct backup_restored out;
    char command[700], dir[160], to[160];
    in_folder(dir, "b"), in_folder(to, "r.db");
    assert_true(cli_node_open(&n, db, true, false, &code));
    assert_int_equal(open_deviation(&n, 1, &repeated, &e), OK);
    node_close(&n);
    snprintf(command, sizeof command,
             "mkdir -p %s.files/ab/cd %s.files/uploads && echo sealed >%s.files/ab/cd/abcd01 && "
             "echo half >%s.files/uploads/u1",
             files, files, files, files);
    assert_int_equal(system(command), 0);
    assert_int_equal(backup_make(&m, db, dir, arena, &e), OK);
    assert_int_equal(backup_keys(db, keys, dir, &e), OK);
    assert_int_equal(restore(dir, to, TIME_NONE, NULL, &out, &e), OK);
    snprintf(command, sizeof command,
             "cmp %s.files/ab/cd/abcd01 %s.files/ab/cd/abcd01 && test ! -e %s/files/uploads", files,
             to, dir);
    assert_int_equal(system(command), 0);
}

static void flip(const char *path, long at)
{
    FILE *f = fopen(path, "r+");
    assert_non_null(f);
    fseek(f, at, SEEK_SET);
    int c = fgetc(f);
    fseek(f, at, SEEK_SET);
    fputc(c ^ 1, f);
    fclose(f);
}

static void what_is_not_the_backup_is_not_put_back(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct node n;
    int code;
    bool repeated;
    char dir[160], to[160], path[200], beside[200];
    in_folder(dir, "b"), in_folder(to, "r.db");
    assert_true(cli_node_open(&n, db, true, false, &code));
    for (uint64_t i = 0; i < 20; i++)
        assert_int_equal(open_deviation(&n, i, &repeated, &e), OK);
    node_close(&n);
    struct backup_manifest m;
    struct backup_restored out;
    assert_int_equal(backup_make(&m, db, dir, arena, &e), OK);
    must_refuse(backup_make(&m, db, dir, arena, &e), &e, "backup.not_empty");
    snprintf(beside, sizeof beside, "%s/k.keys", dir);
    must_refuse(backup_keys(db, beside, dir, &e), &e, "backup.keys_beside");
    assert_int_equal(access(beside, F_OK), -1);
    assert_int_equal(backup_keys(db, keys, dir, &e), OK);
    must_refuse(backup_keys(db, keys, dir, &e), &e, "store.exists");

    struct stat st;
    snprintf(path, sizeof path, "%s/vein.db", dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 077, 0);
    for (long at = 100; at < st.st_size; at += st.st_size / 13) {
        flip(path, at);
        must_refuse(restore(dir, to, TIME_NONE, NULL, &out, &e), &e, "backup.altered");
        nothing_at(to);
        flip(path, at);
    }
    snprintf(path, sizeof path, "%s/manifest.json", dir);
    flip(path, 12);
    must_refuse(restore(dir, to, TIME_NONE, NULL, &out, &e), &e, "backup.altered");
    flip(path, 12);
    char away[240];
    snprintf(away, sizeof away, "%s.away", path);
    rename(path, away);
    must_refuse(restore(dir, to, TIME_NONE, NULL, &out, &e), &e, "backup.no_manifest");
    rename(away, path);
    /* The keyring of another node opens, but is not this log's. */
    char other[160], other_keys[200], other_root[200];
    in_folder(other, "other.db");
    assert_true(cli_node_open(&n, other, true, false, &code));
    node_close(&n);
    snprintf(other_keys, sizeof other_keys, "%s.keys", other);
    snprintf(other_root, sizeof other_root, "%s.root", other);
    const struct backup_restore foreign = {
        .dir = dir,
        .keys = other_keys,
        .root = other_root,
        .to = to,
        .until_us = TIME_NONE,
        .reason = S("drill"),
        .env = &env_system,
    };
    e = (struct err){ 0 };
    must_refuse(backup_restore(&out, &foreign, arena, &e), &e, "node.other_keys");
    nothing_at(to);
    assert_int_equal(restore(dir, to, TIME_NONE, NULL, &out, &e), OK);
}

/* partial: SEC-01 the list that a backup holds counts, whatever else is given: an older copy of the
 * keyring brings nobody back */
static void the_backups_own_list_of_the_erased_counts(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct node n;
    struct keyring *restored;
    struct node_key_paths paths;
    struct keyring_options opening;
    struct backup_manifest m;
    struct backup_restored out;
    enum seal_key key;
    int code;
    bool repeated;
    char dir[160], to[160], list[200];
    struct str text;
    in_folder(dir, "b"), in_folder(to, "r.db");
    assert_true(cli_node_open(&n, db, true, false, &code));
    assert_int_equal(open_deviation(&n, 0, &repeated, &e), OK);
    assert_int_equal(keyring_subject(n.keys, S("somebody"), S("house"), &e), OK);
    assert_int_equal(backup_keys(db, keys, dir, &e), OK);
    assert_int_equal(keyring_destroy(n.keys, S("somebody"), &e), OK);
    snprintf(list, sizeof list, "%s.erased", files);
    assert_int_equal(erase_list_write(n.keys, list, &e), OK);
    node_close(&n);
    assert_int_equal(backup_make(&m, db, dir, arena, &e), OK);
    if (restore(dir, to, TIME_NONE, NULL, &out, &e) != OK)
        fail_msg("%s: %s", e.code, e.detail);
    assert_int_equal(out.erased, 1);
    const struct node_options node = { .env = &env_system, .path = to };
    assert_int_equal(node_key_paths(&paths, &opening, &node, &e), OK);
    assert_int_equal(keyring_open(&restored, &opening, &e), OK);
    assert_int_equal(keyring_look(restored, S("somebody"), &key, &e), OK);
    assert_int_equal(key, SEAL_KEY_ERASED);
    keyring_close(restored);
    snprintf(list, sizeof list, "%s.erased", to); /* and goes on with the node */
    assert_int_equal(copy_read(&text, list, 4096, arena, &e), OK);
    assert_true(str_starts(text, S("somebody\n")));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_backup_under_load_is_whole),
        CASE(what_is_lost_is_said),
        CASE(back_to_a_moment),
        CASE(contents_go_with_it),
        CASE(the_backups_own_list_of_the_erased_counts),
        CASE(what_is_not_the_backup_is_not_put_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
