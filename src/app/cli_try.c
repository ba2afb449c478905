/* vein try form | workflow (cli_try_workflow.c). A form's file is checked, filled in and worked
 * out, and nothing is kept: no database is opened. For whoever writes a form, before it is loaded.
 */
#include <stdlib.h>
#include <string.h>

#include "app/cli.h"
#include "kernel/form_example.h"
#include "kernel/text.h"

enum { TRY_ARENA = 64 << 20, INPUTS_MAX = 1 << 20, TRY_PAIRS_MAX = 512 };

bool cli_try_read(struct str *out, const char *path, size_t max, struct arena *arena)
{
    FILE *f = fopen(path, "rb");
    char *text = arena_alloc(arena, max + 1);
    size_t n = 0;
    if (f && text)
        n = fread(text, 1, max + 1, f);
    bool good = f && text && !ferror(f) && n <= max;
    if (!good)
        fprintf(stderr, "vein try: %s: %s\n", path, n > max ? "too large" : "could not be read");
    if (f)
        fclose(f);
    *out = (struct str){ text, n };
    return good;
}

/* --- what came of it --- */

static void print_problem(const struct form_problem *problem, struct arena *arena)
{
    struct str text = text_error(arena, S("en"), &problem->error);
    struct str hint = text_error_hint(arena, S("en"), &problem->error);
    printf("  %.*s: %.*s; %.*s\n", STR(problem->field), STR(text), STR(hint));
}

static void print_working(const struct form_working *w)
{
    printf("  %.*s = %.*s\n", STR(w->name), STR(w->formula));
    for (size_t i = 0; i < w->ngiven; i++)
        printf("    %.*s: %.*s\n", STR(w->given[i].label), STR(w->given[i].value));
    if (w->result.p)
        printf("    gives %.*s, kept as %.*s\n", STR(w->result), STR(w->kept));
    else
        printf("    gives nothing: an input is absent\n");
}

static void print_record(const struct form_record *r)
{
    for (size_t i = 0; i < r->values.n; i++) {
        const struct form_value *v = &r->values.p[i];
        printf("  %.*s: %.*s", STR(v->name), STR(v->value));
        if (v->entered.p && !str_eq(v->entered, v->value))
            printf("  (entered as %.*s)", STR(v->entered));
        if (v->mark.n > 0)
            printf("  %.*s", STR(v->mark));
        printf("\n");
    }
    for (size_t i = 0; i < r->secrets.n; i++)
        printf("  %.*s: (sealed)\n", STR(r->secrets.p[i].name));
}

static int tell(const struct definition *form, const struct form_filled *filled,
                struct arena *arena)
{
    printf("TRIAL, nothing is kept: form %.*s version %lld, %.*s\nhash %.*s\n", STR(form->name),
           (long long)form->version, STR(form->title), STR(form->hash));
    if (filled->nworkings > 0)
        printf("computed:\n");
    for (size_t i = 0; i < filled->nworkings; i++)
        print_working(&filled->workings[i]);
    if (filled->nproblems > 0) {
        printf("refused:\n");
        for (size_t i = 0; i < filled->nproblems; i++)
            print_problem(&filled->problems[i], arena);
        return CLI_REFUSED;
    }
    printf("record:\n");
    print_record(&filled->record);
    return CLI_DONE;
}

static enum outcome try_form(struct definition *form, struct form_filled *filled, bool fill,
                             struct str yaml, struct str inputs, struct arena *arena, struct err *e)
{
    const struct define_context context = { .arena = arena };
    struct record_pair *pairs = NULL;
    size_t n = 0;
    TRY(define_read(form, &context, yaml, e));
    if (!str_is(form->kind, "form"))
        return REFUSE(e, "define.unknown_kind", { "kind", form->kind }, { "expected", S("form") });
    if (!fill)
        return OK;
    TRY(form_entries_read(&pairs, &n, inputs, arena, e));
    const struct form_filling in = { .form = form, .inputs = pairs, .ninputs = n, .working = true };
    enum outcome o = form_fill(filled, &in, arena, e);
    return o == REFUSED && filled->nproblems > 0 ? OK : o;
}

static int try_a_form(int argc, char **argv)
{
    const char *inputs = NULL;
    const char *words[2] = { NULL, NULL };
    const struct cli_option options[] = { { "inputs", CLI_TEXT, &inputs, false } };
    static const struct define_kind *const kinds[] = { &form_kind };
    struct str yaml, values = { 0 };
    int code;
    if (!cli_read(argc, argv, options, 1, words, 2, &code))
        return code;
    if (!words[1])
        return cli_usage("try", "no file given");
    struct arena *arena = arena_new(TRY_ARENA);
    if (!arena)
        return CLI_FAULT;
    struct definition form = { 0 };
    struct form_filled filled = { 0 };
    struct err e = { 0 };
    define_use(kinds, 1);
    code = CLI_REFUSED;
    if (cli_try_read(&yaml, words[1], DEFINE_YAML_MAX, arena) &&
        (!inputs || cli_try_read(&values, inputs, INPUTS_MAX, arena))) {
        enum outcome o = try_form(&form, &filled, inputs != NULL, yaml, values, arena, &e);
        code = o != OK ? CLI_FAULT : CLI_DONE;
        if (o == REFUSED) {
            fprintf(stderr, "vein try: %.*s\n", STR(define_error(arena, S("en"), &e)));
            code = CLI_REFUSED;
        } else if (o == FAULT) {
            code = cli_error(&e);
        } else if (inputs) {
            code = tell(&form, &filled, arena);
        } else {
            printf("form %.*s version %lld can be loaded\nhash %.*s\n", STR(form.name),
                   (long long)form.version, STR(form.hash));
        }
    }
    arena_free(arena);
    return code;
}

int cli_try(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "workflow") == 0)
        return cli_try_workflow(argc, argv);
    if (argc > 1 && strcmp(argv[1], "form") != 0 && argv[1][0] != '-')
        return cli_usage("try", "say what is tried: form or workflow");
    return try_a_form(argc, argv);
}
