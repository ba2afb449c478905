/* The drill: a thousand marked values of fifty patients, in names, numbers, reasons, file names and
 * file contents; half of the patients are erased. Of theirs nothing is found afterwards, in any
 * file of the node, in exports, bundles, on paper, in logs or backups, by whoever has all of these
 * and every key; and of the others everything still opens. shows: SEC-01 */
#define _GNU_SOURCE /* memmem */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/backup.h"
#include "app/cli.h"
#include "app/network.h"
#include "app/tests/bundle_folder.h"
#include "app/tests/drill.h"
#include "base/log.h"
#include "base/tests/folder.h"
#include "kernel/file.h"
#include "kernel/search_impl.h"
#include "kernel/text.h"
#include "kernel/tlog.h"
#include "modules/desk/coi.h"
#include "modules/desk/deidentify.h"
#include "app/tests/verified.h"
#include "kernel/tests/test_db.h"

enum { PATIENTS = DRILL_PATIENTS, ERASED = 25, MARKS = 20 };

static const int64_t start_us = INT64_C(1767600000) * TIME_SECOND;
static char folder[64], files[96], db_path[TEST_DB_NAME_MAX], log_path[96];
static struct env_sim env;
static struct node node;
static struct network network;
static struct sender sender;
static struct arena *arena;
static bool in_backups; /* they are looked at as well */
static const struct network_person *physician, *coordinator;
static struct {
    char id[40], order[40];
    struct file_store file;
} patients[PATIENTS];

static void must(enum outcome o, const struct err *e)
{
    if (o == OK)
        return;
    printf("%s %s\n", e->code, e->detail); /* the other stream is the log that is searched */
    fail();
}

/* --- the ground --- */

static void open_node(void)
{
    struct err e = { 0 };
    struct node_options options = { .env = &env.env, .path = db_path, .create = true };
    options.modules = cli_modules(&options.nmodules);
    must(node_open(&node, &options, &e), &e);
}

static void settle(void)
{
    bool busy = true;
    struct err e = { 0 };
    for (int i = 0; i < 20000 && busy; i++)
        must(node_step(&node, 0, &busy, &e), &e);
}

static void answer_field(char out[40], struct str answer, const char *name)
{
    const struct json *json;
    struct err e = { 0 };
    must(json_read(&json, arena, answer, &json_limits_default, &e), &e);
    snprintf(out, 40, "%.*s", STR(json_get_str(json, name)));
}

static void enrol(int p)
{
    struct err e = { 0 };
    struct str answer;
    must(sender_send(&sender, &coordinator->actor, "patient.enrol", drill_mark(p, 0), &answer, &e,
                     "{'identifiers':[{'system':'urn:a','value':'%s'},{'system':'urn:b','value':"
                     "'%s'},{'system':'urn:c','value':'%s'}],'family':'%s','given':'%s',"
                     "'birth_date':'%s','sex':'female'}",
                     drill_mark(p, 1), drill_mark(p, 2), drill_mark(p, 3), drill_mark(p, 4),
                     drill_mark(p, 5), drill_born(p)),
         &e);
    answer_field(patients[p].id, answer, "patient");
    must(sender_send(&sender, &coordinator->actor, "patient.correct", drill_mark(p, 6), NULL, &e,
                     "{'patient':'%s','identifiers':[{'system':'urn:a','value':'%s'},{'system':"
                     "'urn:b','value':'%s'}],'family':'%s','given':'%s','birth_date':'%s','sex':"
                     "'female'}",
                     patients[p].id, drill_mark(p, 7), drill_mark(p, 8), drill_mark(p, 9),
                     drill_mark(p, 10), drill_born(p)),
         &e);
}

static void place(int p)
{
    struct err e = { 0 };
    struct str answer;
    must(sender_send(&sender, &physician->actor, "order.prescribe", drill_mark(p, 11), &answer, &e,
                     "{'patient':'%s','product':'lunacel','indication':'C91.0','jurisdiction':'eu',"
                     "'regime':'commercial','weight':'48.5 kg'}",
                     patients[p].id),
         &e);
    answer_field(patients[p].order, answer, "order");
    must(sender_send(&sender, &physician->actor, "order.place", drill_mark(p, 12), NULL, &e,
                     "{'order':'%s','parties':[%s]}", patients[p].order, drill_parties(&network)),
         &e);
    must(sender_send(&sender, &physician->actor, "flow.hold", drill_mark(p, 13), NULL, &e,
                     "{'order':'%s'}", patients[p].order),
         &e);
    must(sender_send(&sender, &physician->actor, "flow.resume", drill_mark(p, 14), NULL, &e,
                     "{'order':'%s'}", patients[p].order),
         &e);
}

/* Named by a mark, and full of them. */
static void attach(int p)
{
    struct err e = { 0 };
    char text[400], name[60];
    const int n = snprintf(text, sizeof text, "finding of %s %s %s\n", drill_mark(p, 15),
                           drill_mark(p, 16), drill_mark(p, 17));
    snprintf(name, sizeof name, "%s.txt", drill_mark(p, 18));
    struct file_upload u = {
        .kind = S("order"),
        .belongs = str_z(patients[p].order),
        .subject = str_z(patients[p].id),
        .organisation = physician->actor.organisation,
        .account = physician->actor.account,
        .name = str_z(name),
        .size = n,
    };
    struct file_store *body = &patients[p].file;
    must(file_put(node.files, body, &u, (struct bytes){ (const uint8_t *)text, (size_t)n }, arena,
                  &e),
         &e);
    must(sender_send_record(&sender, &physician->actor, "file.store", &file_store_record, body,
                            NULL, &e),
         &e);
    file_stored(node.files, body->file);
    /* Another that nobody went on with. */
    u.name = str_z(drill_mark(p, 19));
    must(file_begin(node.files, &u, &e), &e);
    must(file_append(node.files, &u, 0, (struct bytes){ (const uint8_t *)text, 20 }, &e), &e);
    if (p % 4)
        must(file_cancel(node.files, id_str(&u.id), &e), &e);
}

static int set_up(void **state)
{
    struct err e = { 0 };
    (void)state;
    text_use(text_rows, text_rows_count);
    test_folder(folder, sizeof folder, "erasure");
    snprintf(files, sizeof files, "%s/db", folder);
    test_db_name(db_path, files);
    snprintf(log_path, sizeof log_path, "%s/log", folder);
    assert_non_null(freopen(log_path, "w", stderr)); /* the program's log, searched as well */
    env_sim_init(&env, 19, start_us);
    open_node();
    arena = arena_new(256 << 20);
    sender = (struct sender){ .node = &node, .arena = arena_new(4 << 20), .seed = S("drill") };
    must(network_make(&network, &sender, (struct str){ 0 }, &e), &e);
    const struct str site = id_str(&network.sites[0].id);
    physician = network_find(&network, "physician", site, 0);
    coordinator = network_find(&network, "coordinator", site, 0);
    assert_true(physician && coordinator);
    for (int p = 0; p < PATIENTS; p++) {
        enrol(p);
        place(p);
        attach(p);
        must(sender_send(&sender, &physician->actor, "flow.end", drill_mark(p, 19), NULL, &e,
                         "{'order':'%s','how':'withdrawn','material':'none'}", patients[p].order),
             &e);
    }
    settle();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char line[400];
    FILE *log = fopen(log_path, "r"); /* with what failed */
    while (log && fgets(line, sizeof line, log))
        if (line[0] != '{')
            printf("%s", line);
    if (log)
        fclose(log);
    node_close(&node);
    arena_free(sender.arena);
    arena_free(arena);
    bundle_remove(folder);
    return 0;
}

static bool file_opens(struct node *n, int p)
{
    struct file_row_out row;
    struct file_reader *reader;
    struct db *db;
    struct err e = { 0 };
    char text[400];
    size_t got = 0;
    bool found;
    must(store_reader_take(&db, n->store, &e), &e);
    must(file_find(&row, db, patients[p].file.file, &found, arena, &e), &e);
    store_reader_give(n->store, db);
    assert_true(found);
    if (file_open(&reader, n->files, &row, &e) != OK) {
        assert_string_equal(e.code, "seal.erased");
        return false;
    }
    must(file_read(reader, 0, text, sizeof text, &got, &e), &e);
    file_reader_free(reader);
    for (int m = 15; m < 18; m++)
        assert_non_null(memmem(text, got, drill_mark(p, m), strlen(drill_mark(p, m))));
    return true;
}

/* The token by which the index knows a word, as it stands in the database's bytes. */
static struct str token(int p, int m)
{
    static const struct search_rule *rule;
    for (size_t i = 0; search_rule_at(node.registry, i, &rule); i++)
        if (strcmp(rule->name, "patient.name") == 0)
            break;
    const struct str word = str_z(drill_mark(p, m));
    return search_token(rule, node.keys, SEARCH_WORD, search_folded(word, 0, arena), arena);
}

static size_t held(const char *what)
{
    test_db_copy(folder, node.store);
    return drill_files(folder, what, in_backups);
}

static size_t files_holding_token(int p)
{
    return held(arena_printf(arena, "%.*s", STR(token(p, 9))).p);
}

/* Of these patients nothing opens, of all others everything. */
static void assert_erased(struct node *n, int erased)
{
    drill_open(n);
    for (int p = 0; p < PATIENTS; p++) {
        const bool gone = p < erased;
        for (int m = 0; m < MARKS; m++)
            if (m < 15 || m > 17) /* those stand in the file */
                assert_int_equal(drill_opened(drill_mark(p, m)), !gone);
        assert_int_equal(drill_opened(drill_born(p)), !gone);
        assert_int_equal(file_opens(n, p), !gone);
    }
}

/* --- exports --- */

static void export(const char *name, int p)
{
    struct err e = { 0 };
    struct db *db;
    char to[160];
    snprintf(to, sizeof to, "%s/%s", folder, name);
    must(store_reader_take(&db, node.store, &e), &e);
    must(db_begin(db, &e), &e);
    drill_export(&node, db, patients[p].order, to);
    db_rollback(db);
    store_reader_give(node.store, db);
}

static void export_log(void)
{
    struct err e = { 0 };
    struct db *db;
    char to[160];
    uint64_t size;
    snprintf(to, sizeof to, "%s/tlog", folder);
    must(store_reader_take(&db, node.store, &e), &e);
    must(tlog_export(db, node.vkey, to, &size, &e), &e);
    store_reader_give(node.store, db);
}

/* --- without the patients --- */

struct lines {
    FILE *file;
    size_t n;
    char first[4000];
};

static enum outcome keep_line(void *context, struct str text, struct err *e)
{
    struct lines *l = context;
    (void)e;
    fprintf(l->file, "%.*s\n", STR(text));
    if (l->n++ == 0)
        snprintf(l->first, sizeof l->first, "%.*s", STR(text));
    return OK;
}

static void export_deidentified(struct lines *l, const char *name, int64_t orders, int64_t erased)
{
    struct err e = { 0 };
    struct desk_deidentified out;
    struct db *db;
    char to[160];
    snprintf(to, sizeof to, "%s/%s", folder, name);
    *l = (struct lines){ .file = fopen(to, "w") };
    assert_non_null(l->file);
    must(store_reader_take(&db, node.store, &e), &e);
    must(desk_deidentify(&out, &node, db, keep_line, l, &e), &e);
    store_reader_give(node.store, db);
    assert_int_equal(fclose(l->file), 0);
    assert_int_equal(out.orders, orders);
    assert_int_equal(out.erased, erased);
}

static int64_t day_of(const struct json *order, const char *name)
{
    int64_t us;
    char text[40];
    snprintf(text, sizeof text, "%.*sT00:00:00Z", STR(json_get_str(order, name)));
    assert_true(clock_read(&us, str_z(text)));
    return us / TIME_DAY;
}

/* Research gets courses, and nobody's name, number, place, person or true day. */
static void a_deidentified_export_names_nobody(void **state)
{
    static struct lines l, again;
    const struct json *order;
    struct err e = { 0 };
    (void)state;
    export_deidentified(&l, "research", PATIENTS, 0);
    assert_int_equal(held(NULL), 0);
    must(json_read(&order, arena, arena_str(arena, str_z(l.first)), &json_limits_default, &e), &e);
    assert_true(str_is(json_get_str(order, "product"), "lunacel"));
    assert_true(str_is(json_get_str(order, "weight"), "40-49"));
    assert_true(str_is(json_get_str(order, "how"), "withdrawn"));
    assert_int_equal(day_of(order, "ended"), day_of(order, "placed"));  /* distances are true … */
    assert_int_not_equal(day_of(order, "placed"), start_us / TIME_DAY); /* … and days are not */
    assert_true(llabs(day_of(order, "placed") - start_us / TIME_DAY) <= DEIDENTIFY_SHIFT_DAYS);
    for (size_t i = 0; i < network.nsites; i++)
        assert_null(strstr(l.first, network.sites[i].id.text));
    for (int p = 0; p < PATIENTS; p++) {
        assert_null(strstr(l.first, patients[p].id));
        assert_null(strstr(l.first, patients[p].order));
    }
    export_deidentified(&again, "research-again", PATIENTS, 0);
    assert_string_equal(l.first, again.first); /* the same research id and shift */
}

/* --- backups --- */

static void backup(const char *name)
{
    struct err e = { 0 };
    struct backup_manifest m;
    char dir[160], keys[160];
    snprintf(dir, sizeof dir, "%s/%s", folder, name);
    snprintf(keys, sizeof keys, "%s/%s.copied", folder, name);
    must(backup_make(&m, db_path, dir, arena, &e), &e);
    must(backup_keys(db_path, keys, dir, &e), &e);
}

static void restore(const char *name, const char *as, bool list, int erased_again)
{
    struct err e = { 0 };
    struct backup_restored out;
    char dir[160], keys[160], root[160], to[160], erased[160];
    snprintf(dir, sizeof dir, "%s/%s", folder, name);
    snprintf(keys, sizeof keys, "%s/%s.copied", folder, name);
    snprintf(root, sizeof root, "%s.root", files);
    snprintf(to, sizeof to, "%s/%s", folder, as);
    snprintf(erased, sizeof erased, "%s.erased", files);
    const struct backup_restore what = {
        .dir = dir,
        .keys = keys,
        .root = root,
        .to = to,
        .until_us = TIME_NONE,
        .reason = S("the drill"),
        .env = &env.env,
        .erased = list ? erased : NULL,
    };
    must(backup_restore(&out, &what, arena, &e), &e);
    assert_int_equal(out.erased, erased_again);
    struct node restored;
    struct node_options options = { .env = &env.env, .path = to };
    options.modules = cli_modules(&options.nmodules);
    must(node_open(&restored, &options, &e), &e);
    assert_erased(&restored, list ? ERASED : 0);
    node_close(&restored);
}

/* --- the drill --- */

/* The bytes of a PDF show nothing of what a reader reads: the drill must read as they do. */
static void the_drill_reads_paper(void **state)
{
    char to[160];
    (void)state;
    snprintf(to, sizeof to, "%s/paper", folder);
    export("paper", 0);
    const struct str bytes = bundle_read(to, "trail.pdf");
    assert_null(memmem(bytes.p, bytes.n, drill_mark(0, 9), strlen(drill_mark(0, 9))));
    for (int m = 0; m < 15; m++)
        assert_true(drill_paper(folder, "paper/trail.pdf", drill_mark(0, m)));
    assert_true(drill_paper(folder, "paper/trail.pdf", drill_born(0)));
    assert_true(drill_paper(folder, "paper/report.pdf", drill_mark(0, 9)));
    assert_true(drill_paper(folder, "paper/report.pdf", NULL));
    bundle_remove(to);
}

static void erase(int p)
{
    struct err e = { 0 };
    struct str answer;
    char request[40];
    must(sender_send(&sender, &coordinator->actor, "patient.request_erasure", "asked for", &answer,
                     &e, "{'patient':'%s'}", patients[p].id),
         &e);
    answer_field(request, answer, "request");
    must(sender_send(&sender, &physician->actor, "patient.erase", "checked", NULL, &e,
                     "{'patient':'%s','request':'%s'}", patients[p].id, request),
         &e);
}

static void sec_01_nothing_of_the_erased_is_left(void **state)
{
    struct err e = { 0 };
    struct node_rebuild rebuilt;
    struct verify_report report;
    (void)state;
    in_backups = true;
    assert_erased(&node, 0); /* the drill can find what is there */
    assert_true(files_holding_token(0) > 0);
    assert_true(files_holding_token(ERASED) > 0);
    backup("before");
    env_sim_advance(&env, 31 * 366 * TIME_DAY);
    for (int p = 0; p < ERASED; p++)
        erase(p);
    settle();
    backup("after");
    static struct lines l;
    export_deidentified(&l, "research-later", PATIENTS - ERASED, ERASED);
    export_log();
    export("bundle", 0);
    export("bundle-of-the-last", ERASED - 1);
    export("bundle-of-another", ERASED);
    assert_true(drill_paper(folder, "bundle/trail.pdf", "lunacel"));
    assert_true(drill_paper(folder, "bundle/report.pdf", "Chainofidentity"));
    assert_true(drill_paper(folder, "bundle-of-another/trail.pdf", drill_mark(ERASED, 9)));
    assert_true(held(drill_mark(ERASED, 9)) > 0); /* the other's disclosure */
    bundle_remove(arena_printf(arena, "%s/bundle-of-another", folder).p);
    assert_erased(&node, ERASED);
    assert_int_equal(held(NULL), 0);
    in_backups = false; /* whose index is as old as they are */
    assert_int_equal(files_holding_token(0), 0);
    assert_true(files_holding_token(ERASED) > 0);
    must(node_rebuild_check(&node, &rebuilt, &e), &e);
    if (!rebuilt.same)
        fail_msg("%s differs", rebuilt.difference);
    verified(&report, db_path);
    node_close(&node);
    open_node();
    assert_erased(&node, ERASED);
}

/* A backup that was made before: with the list of erasures they stay erased; without it they are
 * back, which is what docs/privacy.md says. */
static void a_backup_made_before_is_erased_by_the_list(void **state)
{
    (void)state;
    restore("before", "again", true, ERASED);
    restore("before", "forgotten", false, 0);
    restore("after", "later", true, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deidentified_export_names_nobody),
        cmocka_unit_test(the_drill_reads_paper),
        cmocka_unit_test(sec_01_nothing_of_the_erased_is_left),
        cmocka_unit_test(a_backup_made_before_is_erased_by_the_list),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
