/* vein try workflow: a version of a workflow is checked, and tried on imagined journeys or on the
 * history of an order. Nothing is kept (kernel/flow_journey.h). */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli.h"
#include "app/embedded.h"
#include "kernel/flow_journey.h"

enum { KNOWN_MAX = 2000, KNOWN_ARENA = 256 << 20, PATH_BYTES = 1100, REPORT_BYTES = 4 << 20 };

struct trying {
    const char *journey;
    const char *order;
    const char *db;
    const char *defs;
    struct definition *known;
    struct define_beside beside;
    struct define_context context;
};

/* --- what the workflow rests upon --- */

static enum outcome know(struct trying *t, struct str yaml, const char *path, struct err *e)
{
    if (t->beside.n == KNOWN_MAX)
        return REFUSE(e, "journey.too_long", { "max", S("2000") });
    enum outcome o = define_read(&t->known[t->beside.n], &t->context, yaml, e);
    if (o == REFUSED)
        fprintf(stderr, "vein try: %s:\n", path);
    t->beside.n += o == OK;
    return o;
}

static int is_yaml(const struct dirent *entry)
{
    return str_ends(str_z(entry->d_name), S(".yaml"));
}

static enum outcome know_folder(struct trying *t, const char *kind, struct err *e)
{
    char path[PATH_BYTES];
    struct dirent **entries = NULL;
    snprintf(path, sizeof path, "%s/%s", t->defs, kind);
    int n = scandir(path, &entries, is_yaml, alphasort);
    enum outcome o = n < 0 ? err_fault(e, "cli.file", "%s: %m", path) : OK;
    for (int i = 0; i < n; i++) {
        char file[PATH_BYTES + 300];
        struct str text;
        snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
        if (o == OK && !cli_try_read(&text, file, DEFINE_YAML_MAX, t->context.arena))
            o = err_fault(e, "cli.file", "%s", file);
        if (o == OK)
            o = know(t, text, file, e);
        free(entries[i]);
    }
    free((void *)entries);
    return o;
}

static enum outcome know_shipped(struct trying *t, struct err *e)
{
    static const char *const kinds[] = { "/roles/", "/pictures/", "/forms/" };
    for (const struct embedded *file = shipped_definitions; file->path; file++)
        for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
            if (strstr(file->path, kinds[k]))
                TRY(know(t, file->text, file->path, e));
    return OK;
}

/* In their newest version, effective or not: what is tried may wait for them. */
static enum outcome know_all(struct trying *t, struct err *e)
{
    t->context.beside = &t->beside;
    t->context.now_us = INT64_MAX;
    t->known = ARENA_ARRAY(t->context.arena, KNOWN_MAX, struct definition);
    t->beside.p = t->known;
    if (!t->known)
        return err_no_memory(e);
    if (!t->defs)
        return t->db ? OK : know_shipped(t, e);
    TRY(know_folder(t, "roles", e));
    TRY(know_folder(t, "pictures", e));
    return know_folder(t, "forms", e);
}

/* --- the report --- */

static enum outcome print_report(const struct flow_journey_report *r, struct arena *arena,
                                 struct err *e)
{
    struct buf b = buf_in(arena, REPORT_BYTES);
    flow_journey_write(&b, r, S("en"), arena);
    printf("TRIAL, nothing is kept: %.*s\n%.*s", STR(r->title), STR(buf_get(&b)));
    return buf_check(&b, e);
}

/* --- trying --- */

static enum outcome journey(const struct trying *t, const struct flow_journey_trial *trial,
                            size_t *nfailed, struct err *e)
{
    const struct flow_journey *j;
    struct flow_journey_report report;
    struct str yaml;
    if (!cli_try_read(&yaml, t->journey, FLOW_JOURNEY_YAML_MAX, t->context.arena))
        return err_fault(e, "cli.file", "%s", t->journey);
    TRY(flow_journey_read(&j, yaml, t->context.arena, e));
    TRY(flow_journey_run(&report, j, trial, e));
    TRY(print_report(&report, t->context.arena, e));
    printf("expectations that did not hold: %zu\n", report.nfailed);
    *nfailed = report.nfailed;
    return OK;
}

static enum outcome recorded(const struct trying *t, const struct flow_journey_trial *trial,
                             struct err *e)
{
    struct flow_journey_report report;
    TRY(flow_journey_replay(&report, t->context.db, str_z(t->order), trial, e));
    TRY(print_report(&report, t->context.arena, e));
    printf("otherwise than recorded: %zu\n", report.ndiffers);
    return OK;
}

static enum outcome try_it(struct trying *t, const char *path, size_t *nfailed, struct err *e)
{
    struct definition w;
    struct str yaml;
    TRY(know_all(t, e));
    if (!cli_try_read(&yaml, path, DEFINE_YAML_MAX, t->context.arena))
        return err_fault(e, "cli.file", "%s", path);
    TRY(define_read(&w, &t->context, yaml, e));
    if (!str_is(w.kind, "workflow"))
        return REFUSE(e, "define.unknown_kind", { "kind", w.kind }, { "expected", S("workflow") });
    printf("workflow %.*s version %lld can be loaded\nhash %.*s\n", STR(w.name),
           (long long)w.version, STR(w.hash));
    const struct flow_journey_trial trial = { &w, &t->context, S("en") };
    if (t->journey)
        TRY(journey(t, &trial, nfailed, e));
    return t->order ? recorded(t, &trial, e) : OK;
}

static int tried(struct trying *t, const char *path)
{
    struct err e = { 0 };
    size_t nfailed = 0;
    enum outcome o = try_it(t, path, &nfailed, &e);
    if (o == OK)
        return nfailed > 0 ? CLI_REFUSED : CLI_DONE;
    if (o == FAULT)
        return cli_error(&e);
    fprintf(stderr, "vein try: %.*s\n", STR(define_error(t->context.arena, S("en"), &e)));
    return CLI_REFUSED;
}

static int tried_on_node(struct trying *t, const char *path)
{
    struct node n;
    struct err e = { 0 };
    int code;
    if (!cli_node_open(&n, t->db, false, true, &code))
        return code;
    if (store_reader_take(&t->context.db, n.store, &e) == OK) {
        code = tried(t, path);
        store_reader_give(n.store, t->context.db);
    } else {
        code = cli_error(&e);
    }
    node_close(&n);
    return code;
}

int cli_try_workflow(int argc, char **argv)
{
    struct trying t = { 0 };
    const char *words[2] = { NULL, NULL };
    const struct cli_option options[] = { { "journey", CLI_TEXT, &t.journey, false },
                                          { "order", CLI_TEXT, &t.order, false },
                                          { "db", CLI_TEXT, &t.db, false },
                                          { "defs", CLI_TEXT, &t.defs, false } };
    size_t n;
    int code;
    if (!cli_read(argc, argv, options, 4, words, 2, &code))
        return code;
    if (!words[1] || (t.order && !t.db))
        return cli_usage("try", words[1] ? "--order needs --db" : "no file given");
    (void)cli_modules(&n);
    t.context.arena = arena_new(KNOWN_ARENA);
    if (!t.context.arena)
        return CLI_FAULT;
    code = t.db ? tried_on_node(&t, words[1]) : tried(&t, words[1]);
    arena_free(t.context.arena);
    return code;
}
