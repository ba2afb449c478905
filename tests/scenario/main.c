/* Reads a scenario and does what it says, line by line. tests/scenarios/README.md is the language.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <curl/curl.h>
#include <sodium.h>

#include "base/buf.h"
#include "base/json.h"
#include "tests/scenario/people.h"

enum {
    ARENA_MAX = 512 << 20,
    FILE_MAX = 256 << 10,
    LINE_MAX_BYTES = 32 << 10,
    WORDS_MAX = 300,
    WAIT_MAX_MS = 20000,
};

static struct scenario scenario;
static const char *file_name;
static int line_number;

/* What is left of the statement at hand. */
struct words {
    struct str p[WORDS_MAX];
    size_t n;
    size_t at;
};

void scenario_fail(const char *format, ...)
{
    va_list arguments;
    printf("%s:%d: ", file_name, line_number);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    server_remove(&scenario.server);
    exit(1);
}

/* --- words --- */

static bool name_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* The line with $names replaced by what they stand for. */
static struct str substitute(struct str line)
{
    struct buf b = buf_in(scenario.arena, LINE_MAX_BYTES);
    for (size_t i = 0; i < line.n; i++) {
        if (line.p[i] != '$' || i + 1 == line.n || !name_letter(line.p[i + 1])) {
            buf_char(&b, line.p[i]);
            continue;
        }
        size_t end = i + 1;
        while (end < line.n &&
               (name_letter(line.p[end]) ||
                (line.p[end] == '.' && end + 1 < line.n && name_letter(line.p[end + 1]))))
            end++;
        buf_str(&b, name_get(&scenario, (struct str){ line.p + i + 1, end - i - 1 }));
        i = end - 1;
    }
    return buf_get(&b);
}

/* Behind the opening quote: decodes \n, \", \\ and \xNN; *i is left behind the closing one. */
static struct str quoted(struct str line, size_t *i)
{
    struct buf b = buf_in(scenario.arena, LINE_MAX_BYTES);
    for (; *i < line.n && line.p[*i] != '"'; (*i)++) {
        char c = line.p[*i];
        if (c == '\\' && *i + 1 < line.n) {
            c = line.p[++*i];
            if (c == 'n') {
                c = '\n';
            } else if (c == 'x' && *i + 2 < line.n) {
                char digits[3] = { line.p[*i + 1], line.p[*i + 2], 0 };
                c = (char)strtoul(digits, NULL, 16);
                *i += 2;
            }
        }
        buf_char(&b, c);
    }
    if (*i == line.n)
        scenario_fail("a quote is not closed");
    (*i)++;
    return buf_get(&b);
}

/* A JSON object, as it stands, up to its closing brace. */
static struct str braced(struct str line, size_t *i)
{
    size_t from = *i;
    int depth = 0;
    bool text = false;
    for (; *i < line.n; (*i)++) {
        char c = line.p[*i];
        if (text && c == '\\')
            (*i)++;
        else if (c == '"')
            text = !text;
        else if (!text && c == '{')
            depth++;
        else if (!text && c == '}' && --depth == 0)
            break;
    }
    if (*i >= line.n)
        scenario_fail("a brace is not closed");
    (*i)++;
    return (struct str){ line.p + from, *i - from };
}

static void split(struct words *w, struct str line)
{
    *w = (struct words){ .n = 0 };
    for (size_t i = 0; i < line.n;) {
        if (line.p[i] == ' ') {
            i++;
            continue;
        }
        if (line.p[i] == '#')
            return;
        if (w->n == WORDS_MAX)
            scenario_fail("too many words");
        struct str *word = &w->p[w->n++];
        if (line.p[i] == '"') {
            i++;
            *word = quoted(line, &i);
        } else if (line.p[i] == '{') {
            *word = braced(line, &i);
        } else {
            size_t from = i;
            while (i < line.n && line.p[i] != ' ')
                i++;
            *word = (struct str){ line.p + from, i - from };
        }
    }
}

static struct str next(struct words *w)
{
    if (w->at == w->n)
        scenario_fail("the statement ends too early");
    return w->p[w->at++];
}

/* Takes the word if it is the next. */
static bool taken(struct words *w, const char *word)
{
    bool is = w->at < w->n && str_is(w->p[w->at], word);
    w->at += is;
    return is;
}

static void need(struct words *w, const char *word)
{
    if (!taken(w, word))
        scenario_fail("\"%s\" is expected before \"%.*s\"", word,
                      w->at < w->n ? (int)w->p[w->at].n : 0, w->at < w->n ? w->p[w->at].p : "");
}

static int number(struct words *w)
{
    int64_t n = 0;
    if (!str_to_u63(&n, next(w)))
        scenario_fail("a number is expected");
    return (int)n;
}

static void done(const struct words *w)
{
    if (w->at < w->n)
        scenario_fail("\"%.*s\" is too much", STR(w->p[w->at]));
}

/* --- what people do --- */

static void field(struct buf *b, const char *key, struct str value)
{
    buf_printf(b, "%s\"%s\":", b->n > 1 ? "," : "{", key);
    json_quote(b, value);
}

/* What may stand behind a list of values. */
static bool ends_list(struct str word)
{
    return str_is(word, "as") || str_is(word, "and") || str_is(word, "because") ||
           str_is(word, "with");
}

/* completes TASK of ORDER [with FIELD VALUE …] */
static void completes(struct words *w, struct order_sent *o)
{
    struct buf b = buf_in(scenario.arena, LINE_MAX_BYTES);
    o->command = S("flow.complete");
    field(&b, "task", next(w));
    need(w, "of");
    field(&b, "order", next(w));
    const char *comma = "";
    buf_z(&b, ",\"inputs\":[");
    if (taken(w, "with"))
        for (; w->at + 1 < w->n && !ends_list(w->p[w->at]); comma = ",") {
            buf_printf(&b, "%s{\"name\":", comma);
            json_quote(&b, next(w));
            buf_z(&b, ",\"entered\":");
            json_quote(&b, next(w));
            buf_char(&b, '}');
        }
    buf_z(&b, "]}");
    o->body = buf_get(&b);
}

/* checks POINT at TASK of ORDER [by METHOD] [hearing NAME born DATE] [scanning TEXT …] */
static void checks(struct words *w, struct order_sent *o)
{
    struct buf b = buf_in(scenario.arena, LINE_MAX_BYTES);
    o->command = S("identity.check");
    field(&b, "point", next(w));
    need(w, "at");
    field(&b, "task", next(w));
    need(w, "of");
    field(&b, "order", next(w));
    field(&b, "method", taken(w, "by") ? next(w) : S("code_2d"));
    if (taken(w, "hearing")) {
        field(&b, "stated_name", next(w));
        need(w, "born");
        field(&b, "stated_birth_date", next(w));
    }
    const char *comma = "";
    buf_z(&b, ",\"scans\":[");
    if (taken(w, "scanning"))
        for (; w->at < w->n && !ends_list(w->p[w->at]); comma = ",") {
            buf_printf(&b, "%s{\"text\":", comma);
            json_quote(&b, next(w));
            buf_char(&b, '}');
        }
    buf_z(&b, "]}");
    o->body = buf_get(&b);
}

static void read_order(struct words *w, struct order_sent *o)
{
    *o = (struct order_sent){ 0 };
    if (taken(w, "sends") || taken(w, "sending")) {
        o->command = next(w);
        o->body = next(w);
    } else if (taken(w, "completes") || taken(w, "completing")) {
        completes(w, o);
    } else if (taken(w, "checks") || taken(w, "checking")) {
        checks(w, o);
    } else {
        scenario_fail("nobody can do that here");
    }
    if (taken(w, "because"))
        o->reason = next(w);
    if (taken(w, "with")) {
        need(w, "id");
        o->id = next(w);
    }
}

/* $name.member for each value of an answer, and so on downwards. */
static void keep(struct str name, const struct json *value)
{
    if (value->type != JSON_OBJECT && value->type != JSON_ARRAY) {
        name_set(&scenario, name, value->type == JSON_STRING ? value->text : value->raw);
        return;
    }
    size_t i = 0;
    for (const struct json *c = value->child; c; c = c->next, i++)
        keep(value->type == JSON_OBJECT
                 ? arena_printf(scenario.arena, "%.*s.%.*s", STR(name), STR(c->key))
                 : arena_printf(scenario.arena, "%.*s.%zu", STR(name), i),
             c);
}

static void acts(struct words *w, struct person *p)
{
    struct order_sent o;
    struct web_answer answer;
    const struct json *json;
    struct err e = { 0 };
    read_order(w, &o);
    person_send(&scenario, p, &o, &answer);
    if (answer.status != 200 ||
        json_read(&json, scenario.arena, answer.body, &json_limits_default, &e) != OK)
        scenario_fail("refused: %d %.*s", answer.status, STR(answer.body));
    if (taken(w, "as"))
        keep(next(w), json);
    if (taken(w, "and")) { /* … and reads MEMBER VALUE */
        need(w, "reads");
        struct str member = next(w);
        struct str wanted = next(w);
        const struct json *found = json_get(json, arena_str(scenario.arena, member).p);
        struct str is = !found                       ? S("nothing")
                        : found->type == JSON_STRING ? found->text
                                                     : found->raw;
        if (!str_eq(is, wanted))
            scenario_fail("%.*s is %.*s, not %.*s", STR(member), STR(is), STR(wanted));
    }
}

/* NAME is refused CODE STATUS when … : with a text and a hint, and nothing has happened. */
static void is_refused(struct words *w, struct person *p)
{
    struct order_sent o;
    struct web_answer answer;
    need(w, "refused");
    struct str code = next(w);
    int status = number(w);
    need(w, "when");
    read_order(w, &o);
    int64_t before = scenario_at_rest();
    person_send(&scenario, p, &o, &answer);
    problem_check(&scenario, &answer, status, code);
    if (server_events(&scenario.server) != before)
        scenario_fail("refused, and yet something happened");
}

static void person_statement(struct words *w, struct person *p)
{
    if (taken(w, "is")) {
        is_refused(w, p);
    } else if (taken(w, "signs")) {
        if (taken(w, "out"))
            person_sign_out(&scenario, p);
        else if (need(w, "in"), person_sign_in(&scenario, p, (struct str){ 0 }) != 303)
            scenario_fail("could not sign in");
    } else if (taken(w, "tries")) {
        struct str password = next(w);
        need(w, "expects");
        int status = number(w);
        int is = person_sign_in(&scenario, p, password);
        if (is != status)
            scenario_fail("signing in gives %d, not %d", is, status);
    } else if (taken(w, "goes")) {
        need(w, "to");
        person_go_to(&scenario, p, next(w));
    } else if (taken(w, "repeats")) {
        person_repeat(&scenario, p);
    } else {
        acts(w, p);
    }
}

/* --- requests as such --- */

static struct str filling(size_t n, char with)
{
    char *p = arena_alloc(scenario.arena, n + 1);
    if (!p)
        scenario_fail("no memory");
    memset(p, with, n);
    return (struct str){ p, n };
}

/* N bytes | N LETTER */
static struct str filled_body(struct words *w)
{
    size_t n = (size_t)number(w);
    struct str what = next(w);
    return filling(n, str_is(what, "bytes") ? 'x' : what.p[0]);
}

/* METHOD PATH as NAME|nobody [page] [without token] [header TEXT] [headers N] [form TEXT | body
 * TEXT | body of N bytes|LETTER] */
static struct person *read_request(struct words *w, struct web_request *r, bool *token)
{
    r->method = arena_str(scenario.arena, next(w)).p;
    r->path = arena_str(scenario.arena, next(w)).p;
    if (taken(w, "with")) { /* … with N bytes more */
        struct str more = filling((size_t)number(w), 'x');
        need(w, "bytes");
        need(w, "more");
        r->path = arena_printf(scenario.arena, "%s%.*s", r->path, STR(more)).p;
    }
    need(w, "as");
    struct person *p = taken(w, "nobody") ? NULL : person_find(&scenario, next(w));
    r->headers[r->nheaders++] = "Accept: application/json";
    *token = true;
    for (;;) {
        if (taken(w, "without")) {
            need(w, "token");
            *token = false;
        } else if (taken(w, "header") && r->nheaders < HEADERS_MAX) {
            r->headers[r->nheaders++] = arena_str(scenario.arena, next(w)).p;
        } else if (taken(w, "headers")) {
            for (int i = number(w); i > 0 && r->nheaders < HEADERS_MAX; i--)
                r->headers[r->nheaders++] = arena_printf(scenario.arena, "X-Filling-%d: x", i).p;
        } else if (taken(w, "body")) {
            r->body = taken(w, "of") ? filled_body(w) : next(w);
        } else if (taken(w, "page")) {
            r->headers[0] = "Accept: text/html";
        } else if (taken(w, "form") && r->nheaders < HEADERS_MAX) {
            r->headers[0] = "Accept: text/html";
            r->headers[r->nheaders++] = "Content-Type: application/x-www-form-urlencoded";
            r->body = next(w);
        } else {
            return p;
        }
    }
}

/* request … expects STATUS [CODE] [containing TEXT] [lacking TEXT] [going to PATH] */
static void request_statement(struct words *w)
{
    struct web_request r = { 0 };
    struct web_answer answer;
    bool token;
    struct person *p = read_request(w, &r, &token);
    need(w, "expects");
    int status = number(w);
    int64_t before = scenario_at_rest();
    person_request(&scenario, p, &r, token, &answer);
    if (answer.status != status)
        scenario_fail("status %d, not %d: %.*s", answer.status, status, STR(answer.body));
    if (status >= 400 && server_events(&scenario.server) != before)
        scenario_fail("refused, and yet something happened");
    const bool lacking = taken(w, "lacking");
    if (lacking || taken(w, "containing")) {
        struct str text = arena_str(scenario.arena, next(w));
        if (!strstr(arena_str(scenario.arena, answer.body).p, text.p) != lacking)
            scenario_fail("\"%.*s\" is%s in: %.*s", STR(text), lacking ? "" : " not",
                          STR(answer.body));
    } else if (taken(w, "going")) {
        need(w, "to");
        struct str to = next(w);
        if (!str_eq(answer.location, to))
            scenario_fail("it leads to \"%.*s\"", STR(answer.location));
    } else if (w->at < w->n) {
        problem_check(&scenario, &answer, status, next(w));
    }
}

/* --- the rest --- */

static void setting(struct words *w)
{
    struct server *s = &scenario.server;
    struct str name = next(w);
    struct str value = next(w);
    if (s->nsettings == SETTINGS_MAX)
        scenario_fail("too many settings");
    snprintf(s->settings[s->nsettings], sizeof s->settings[0], "VEIN_%.*s=%.*s", STR(name),
             STR(value));
    for (char *c = s->settings[s->nsettings]; *c != '='; c++)
        *c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
    s->nsettings++;
}

/* Until no event has come for a while: what follows from an event has then followed. */
/* What follows from what was said before does not count as happening by what comes now. */
int64_t scenario_at_rest(void)
{
    int64_t before = -1;
    for (int ms = 0; before != server_events(&scenario.server); ms += 200) {
        if (ms > WAIT_MAX_MS)
            scenario_fail("policies do not come to rest");
        before = server_events(&scenario.server);
        usleep(200000);
    }
    return before;
}

static void ledger_verifies(void)
{
    char out[2000];
    const char *const words[] = { "verify", "--db", scenario.server.db, NULL };
    int status = server_run(&scenario.server, words, out, sizeof out);
    if (status != 0)
        scenario_fail("the ledger does not verify: %s", out);
}

static void again(struct words *w, void (*end)(struct server *s))
{
    need(w, "server");
    end(&scenario.server);
    server_start(&scenario.server);
}

static void statement(struct words *w)
{
    struct scenario *s = &scenario;
    if (taken(w, "organisation")) {
        struct str name = next(w);
        people_organisation(s, name, next(w));
    } else if (taken(w, "site")) {
        struct str name = next(w);
        need(w, "of");
        struct str organisation = next(w);
        people_site(s, name, organisation, next(w));
    } else if (taken(w, "person")) {
        struct str name = next(w);
        need(w, "role");
        struct str role = next(w);
        need(w, "at");
        people_role(s, name, role, next(w));
    } else if (taken(w, "setting")) {
        setting(w);
    } else if (taken(w, "request")) {
        request_statement(w);
    } else if (taken(w, "restart")) {
        again(w, server_stop);
    } else if (taken(w, "kill")) {
        again(w, server_kill);
    } else if (taken(w, "wait")) {
        if (taken(w, "for"))
            need(w, "policies"), (void)scenario_at_rest();
        else
            usleep((useconds_t)number(w) * 1000), need(w, "ms");
    } else if (taken(w, "ledger")) {
        need(w, "verifies");
        ledger_verifies();
    } else {
        person_statement(w, person_find(s, next(w)));
    }
    done(w);
}

/* Lines that end with a backslash go on. */
static void play(struct str text)
{
    static struct words words;
    while (text.p) {
        struct buf line = buf_in(scenario.arena, LINE_MAX_BYTES);
        bool more = true;
        while (more && text.p) {
            struct str part = str_trim(str_cut(&text, '\n'));
            line_number++;
            more = str_ends(part, S("\\"));
            buf_put(&line, part.p, part.n - more);
        }
        if (line.n == 0 || line.p[0] == '#')
            continue;
        split(&words, substitute(buf_get(&line)));
        if (words.n > 0)
            statement(&words);
    }
}

int main(int argc, char **argv)
{
    static char text[FILE_MAX];
    if (argc != 3) {
        fprintf(stderr, "usage: scenario VEIN FILE\n");
        return 2;
    }
    file_name = argv[2];
    FILE *file = fopen(file_name, "r");
    size_t n = file ? fread(text, 1, sizeof text, file) : 0;
    scenario.arena = arena_new(ARENA_MAX);
    scenario.server.vein = argv[1];
    if (n == 0 || n == sizeof text || !scenario.arena || sodium_init() < 0 ||
        curl_global_init(CURL_GLOBAL_ALL) != 0) {
        fprintf(stderr, "could not read %s\n", file_name);
        return 2;
    }
    fclose(file);
    server_folder(&scenario.server);
    play((struct str){ text, n });
    if (scenario.server.pid > 0)
        server_stop(&scenario.server);
    ledger_verifies();
    server_remove(&scenario.server);
    arena_free(scenario.arena);
    return 0;
}
