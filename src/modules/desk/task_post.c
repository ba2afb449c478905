/* What is done at a task: each act is one command of the module that owns it. */
#include "modules/desk/desk.h"

static struct str task_path(struct http_request *r)
{
    return arena_printf(r->arena, "/orders/%.*s/tasks/%.*s", STR(http_param(r, "order")),
                        STR(http_param(r, "task")));
}

/* The word that an answer gives, and its body; absent where a program asked, and got the whole. */
static struct str result_of(struct http_request *r, const struct gate_answer *answer,
                            const struct json **body)
{
    struct err e = { 0 };
    if (!http_wants_json(r) &&
        json_read(body, r->arena, answer->body, &json_limits_default, &e) == OK)
        return json_get_str(*body, "result");
    r->answer.status = 200;
    r->answer.media_type = "application/json";
    r->answer.body = answer->body;
    return (struct str){ 0 };
}

static bool is_true(const struct json *body, const char *key)
{
    const struct json *value = json_get(body, key);
    return value && value->type == JSON_TRUE;
}

/* What was made is shown where it was made: its label is printed next. */
static enum http_state made(struct http_request *r, const struct gate_answer *answer)
{
    const struct json *body;
    if (!http_wants_json(r)) {
        r->answer.status = 303;
        r->answer.location = arena_printf(r->arena, "%.*s?step=make.%.*s", STR(task_path(r)),
                                          STR(http_form(r, "kind")));
        return HTTP_DONE;
    }
    (void)result_of(r, answer, &body);
    return HTTP_DONE;
}

/* Why a pass is not yet the end of it. */
static struct str passed_so(const struct json *body)
{
    if (is_true(body, "aged"))
        return S("aged");
    if (is_true(body, "complete"))
        return S("pass");
    return is_true(body, "typed") ? S("typed") : S("second");
}

/* A check's answer is not yet the end: a stop fills the screen, what could not be read is said. */
static enum http_state checked(struct http_request *r, const struct gate_answer *answer)
{
    const struct json *body;
    struct str result = result_of(r, answer, &body);
    if (!result.p)
        return HTTP_DONE;
    if (str_is(result, "pass"))
        result = passed_so(body);
    r->answer.status = 303;
    r->answer.location =
        str_is(result, "fail")
            ? arena_printf(r->arena, "/orders/%.*s/stop", STR(http_param(r, "order")))
            : arena_printf(r->arena, "%.*s?said=%.*s", STR(task_path(r)), STR(result));
    return HTTP_DONE;
}

/* Nor is an acceptance: where what was found differs from what was stated, nothing passed. */
static enum http_state accepted(struct http_request *r, const struct gate_answer *answer)
{
    const struct json *body;
    const struct str result = result_of(r, answer, &body);
    if (!result.p)
        return HTTP_DONE;
    r->answer.status = 303;
    r->answer.location = str_is(result, "accepted") ? task_path(r)
                                                    : arena_printf(r->arena, "%.*s?said=%.*s",
                                                                   STR(task_path(r)), STR(result));
    return HTTP_DONE;
}

/* A bare number beside a unit that the page shows is a number of that unit. */
static struct str measured(struct http_request *r, struct record_pair pair)
{
    const struct str unit = http_form(r, "_measure");
    const bool amount = str_is(pair.name, "quantity") || str_is(pair.name, "volume") ||
                        str_is(pair.name, "parents.0.quantity");
    const struct str number = str_trim(pair.value);
    if (unit.n == 0 || !amount || number.n == 0)
        return pair.value;
    for (size_t i = 0; i < number.n; i++)
        if ((number.p[i] < '0' || number.p[i] > '9') && number.p[i] != '.')
            return pair.value;
    return arena_printf(r->arena, "%.*s %.*s", STR(number), STR(unit));
}

/* What a page's form says beside its command: "typed by hand" is a method, what could not be read
 * says nothing of what was, and a unit made of nothing has no parent. */
static enum outcome tidy_form(struct http_request *r, struct err *e)
{
    struct record_pair *out = ARENA_ARRAY(r->arena, r->nform + 1, struct record_pair);
    const bool typed = str_is(http_form(r, "_typed"), "1");
    const bool unread = str_is(http_form(r, "no_read"), "true");
    const bool orphan = http_form(r, "parents.0.unit").n == 0;
    size_t n = 0;
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < r->nform; i++) {
        struct record_pair pair = r->form[i];
        if ((unread &&
             (str_starts(pair.name, S("scans.")) || str_starts(pair.name, S("stated_")))) ||
            (orphan && str_starts(pair.name, S("parents."))))
            continue;
        if (typed && str_is(pair.name, "method"))
            pair.value = S("manual");
        pair.value = measured(r, pair);
        out[n++] = pair;
    }
    r->form = out;
    r->nform = n;
    return OK;
}

enum http_state desk_post_task(struct http_request *r)
{
    static const struct {
        const char *name;
        enum http_state (*done)(struct http_request *r, const struct gate_answer *answer);
    } known[] = {
        { "identity.check", checked },  { "unit.make", made },
        { "unit.sample", made },        { "unit.split", NULL },
        { "unit.discard", NULL },       { "custody.offer", NULL },
        { "custody.accept", accepted }, { "custody.decline", NULL },
        { "custody.withdraw", NULL },   { "clinic.thaw", NULL },
        { "clinic.give", NULL },        { "clinic.finish", NULL },
        { "clinic.conclude", NULL },    { "flow.review_correction", NULL },
    };
    const struct str name = http_param(r, "command");
    struct err e = { 0 };
    if (tidy_form(r, &e) != OK)
        return app_problem(r, &e);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (str_is(name, known[i].name))
            return app_command(r, &(struct app_command){
                                      .name = name,
                                      .next = task_path(r),
                                      .done = known[i].done,
                                      .refused = desk_task_again,
                                  });
    (void)REFUSE(&e, "gate.unknown_command", { "command", name });
    return app_problem(r, &e);
}

/* --- the form --- */

/* Whether the form showed a value here that was recorded: then a blank takes it away. */
static bool had_value(struct http_request *r, struct str name)
{
    const struct str had = http_form(r, "_had");
    const struct str word = arena_printf(r->arena, " %.*s ", STR(name));
    for (size_t i = 0; word.p && i + word.n <= had.n; i++)
        if (memcmp(had.p + i, word.p, word.n) == 0)
            return true;
    return false;
}

static bool was_sent(const struct http_request *r, struct str name)
{
    for (size_t i = 0; i < r->nform; i++)
        if (str_eq(r->form[i].name, name))
            return true;
    return false;
}

/* What was recorded and is not sent at all was taken away: a file whose mark was lifted. */
static size_t taken_away(struct flow_input *out, struct http_request *r)
{
    struct str rest = str_trim(http_form(r, "_had"));
    size_t n = 0;
    while (rest.n > 0 && n < HTTP_PAIRS_MAX) {
        const struct str name = str_cut(&rest, ' ');
        if (name.n > 0 && !was_sent(r, name))
            out[n++] = (struct flow_input){ name, S("") };
    }
    return n;
}

/* The posted fields as they were entered; names beginning with "_" are the page's own. A program
 * sends {"inputs": [{"name", "entered"}]}. */
static enum outcome inputs(struct flow_complete *body, struct http_request *r, struct err *e)
{
    body->order = http_param(r, "order");
    body->task = http_param(r, "task");
    struct flow_input *out = ARENA_ARRAY(r->arena, r->nform + HTTP_PAIRS_MAX, struct flow_input);
    size_t n = 0;
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < r->nform; i++)
        if (!str_starts(r->form[i].name, S("_")) &&
            (r->form[i].value.n > 0 || had_value(r, r->form[i].name)))
            out[n++] = (struct flow_input){ r->form[i].name, r->form[i].value };
    body->inputs.p = out;
    body->inputs.n = n + taken_away(out + n, r);
    return OK;
}

/* Where two persons enter, the first stays at the task, and so does who differs. */
static enum http_state entered(struct http_request *r, const struct gate_answer *answer)
{
    const struct json *body;
    struct err e = { 0 };
    r->answer.status = 303;
    r->answer.location = arena_printf(r->arena, "/orders/%.*s?done=%.*s",
                                      STR(http_param(r, "order")), STR(http_param(r, "task")));
    if (json_read(&body, r->arena, answer->body, &json_limits_default, &e) != OK)
        return HTTP_DONE;
    const struct str entry = json_get_str(body, "entry");
    if (entry.n > 0 && !str_is(entry, "agrees"))
        r->answer.location =
            arena_printf(r->arena, "%.*s?said=%.*s", STR(task_path(r)), STR(entry));
    return HTTP_DONE;
}

/* flow.correct has the first fields of flow.complete. */
static enum outcome command_body(const void **out, struct http_request *r,
                                 struct flow_complete *complete, const char *command, struct err *e)
{
    struct flow_correct *correct = ARENA_NEW(r->arena, struct flow_correct);
    if (!correct)
        return err_no_memory(e);
    if (!str_to_u63(&complete->keep, http_form(r, "_keep")))
        complete->keep = INT_NONE;
    *correct = (struct flow_correct){
        .order = complete->order,
        .task = complete->task,
        .inputs = { complete->inputs.p, complete->inputs.n },
    };
    *out = strcmp(command, "flow.correct") == 0 ? (const void *)correct : complete;
    return OK;
}

static enum http_state post_form(struct http_request *r, const char *command, struct str next)
{
    struct err e = { 0 };
    struct flow_complete body = { 0 };
    struct app_command c = {
        .name = str_z(command),
        .next = next,
        .refused = desk_task_again,
    };
    if (http_form(r, "_keep").n > 0 && !http_wants_json(r))
        c.next = task_path(r); /* the next step, or this one, if something is wrong with it */
    if (!str_is(r->media_type, "application/json")) {
        if (file_sent_bad(r)) {
            (void)!desk_files_refused(&e);
            r->answer = (struct http_answer){ .status = http_status(&e) };
            return desk_task_again(r, &e);
        }
        if (form_redraw_wanted(r->form, r->nform))
            return desk_task_redraw(r);
        if (!http_wants_json(r) && !c.next.p)
            c.done = entered;
        if (inputs(&body, r, &e) != OK || command_body(&c.body, r, &body, command, &e) != OK)
            return app_problem(r, &e);
    }
    return app_command(r, &c);
}

static enum http_state complete(struct http_request *r)
{
    return post_form(r, "flow.complete", (struct str){ 0 });
}

enum http_state desk_post_complete(struct http_request *r)
{
    return desk_task_files(r, complete);
}

static enum http_state correct(struct http_request *r)
{
    return post_form(r, "flow.correct", task_path(r));
}

enum http_state desk_post_correct(struct http_request *r)
{
    return desk_task_files(r, correct);
}
