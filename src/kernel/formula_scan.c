/* The source of a formula, read before Lua sees it. Lua's own compiler would take fractions as
 * binary floating point and any name as a global; so the tokens are gone over first. Only tokens
 * are looked at, and blocks counted to know which locals are in sight; grammar is Lua's business.
 *
 * Invariant: each token taken here is the token Lua will take, because whatever Lua might read
 * otherwise (long brackets, other escapes, `//`, control characters) is refused. */
#include "kernel/formula_impl.h"

enum { LOCALS_MAX = 200, NEAR_MAX = 32 };

enum token_kind { TOKEN_END, TOKEN_NAME, TOKEN_NUMBER, TOKEN_TEXT, TOKEN_OPERATOR };

struct token {
    enum token_kind kind;
    struct str text;
    const struct keyword *keyword; /* of a TOKEN_NAME that is a reserved word */
};

/* What the names that come now mean. */
enum expecting {
    EXPECT_USE,
    EXPECT_LOCAL,          /* behind `local` or a comma of it: a name, or `function` */
    EXPECT_LOCAL_MORE,     /* behind a name of `local`: perhaps a comma */
    EXPECT_LOCAL_FUNCTION, /* its name */
    EXPECT_OPEN,           /* the parenthesis of parameters */
    EXPECT_PARAMETER,
};

struct scan {
    struct str source;
    size_t at;
    int line;
    struct token token;
    const struct formula_names *names;
    bool *used;
    enum expecting expecting;
    bool constant; /* the token before was a name that is no local: no `=` may follow */
    bool decimal;  /* `decimal` or its parenthesis stands before: a text must be a number */
    bool returns;  /* there is a `return` */
    size_t depth;  /* of blocks */
    size_t nlocals;
    struct {
        struct str name;
        size_t depth;
    } locals[LOCALS_MAX];
};

static const struct keyword {
    const char *word;
    bool closes, opens; /* a block */
    bool refused;
} keywords[] = {
    { "and", 0, 0, 0 },      { "break", 0, 0, 0 },  { "do", 0, 1, 0 },    { "else", 1, 1, 0 },
    { "elseif", 1, 0, 0 },   { "end", 1, 0, 0 },    { "false", 0, 0, 0 }, { "for", 0, 0, 1 },
    { "function", 0, 1, 0 }, { "goto", 0, 0, 1 },   { "if", 0, 0, 0 },    { "in", 0, 0, 1 },
    { "local", 0, 0, 0 },    { "nil", 0, 0, 0 },    { "not", 0, 0, 0 },   { "or", 0, 0, 0 },
    { "repeat", 0, 1, 0 },   { "return", 0, 0, 0 }, { "then", 0, 1, 0 },  { "true", 0, 0, 0 },
    { "until", 1, 0, 0 },    { "while", 0, 0, 0 },
};

/* Longest first; what Lua has beside them is refused as a character of no meaning. */
static const struct {
    const char *text;
    bool refused;
} operators[] = {
    { "...", true }, { "//", true },  { "<<", true },  { ">>", true },  { "..", false },
    { "==", false }, { "~=", false }, { "<=", false }, { ">=", false }, { "+", false },
    { "-", false },  { "*", false },  { "/", false },  { "(", false },  { ")", false },
    { ",", false },  { ";", false },  { "<", false },  { ">", false },  { "=", false },
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static const struct keyword *find_keyword(struct str word)
{
    for (size_t i = 0; i < COUNT(keywords); i++)
        if (str_is(word, keywords[i].word))
            return &keywords[i];
    return NULL;
}

static bool is_function(struct str name)
{
    for (const struct formula_function *f = formula_functions; f->name; f++)
        if (str_is(name, f->name))
            return true;
    return false;
}

bool formula_name_valid(struct str name)
{
    if (name.n == 0 || !is_letter(name.p[0]) || name.p[0] == '_')
        return false;
    for (size_t i = 0; i < name.n; i++)
        if (!is_letter(name.p[i]) && !is_digit(name.p[i]))
            return false;
    return !find_keyword(name) && !is_function(name);
}

/* -- Refusals ---------------------------------------------------------------------------------- */

static enum outcome refuse(const struct scan *s, const char *code, const char *name,
                           struct str value, struct err *e)
{
    char storage[16];
    struct buf b = buf_over(storage, sizeof storage);
    buf_int(&b, s->line);
    return REFUSE(e, code, { "line", buf_get(&b) }, { name, value });
}

static enum outcome refuse_near(const struct scan *s, struct str near, struct err *e)
{
    return refuse(s, "formula.syntax", "near", near, e);
}

/* What follows from `at` on, cut where it would split a character. */
static enum outcome refuse_here(const struct scan *s, struct err *e)
{
    struct str near = str_from(s->source, s->at);
    near.n = str_find(near, '\n');
    if (near.n > NEAR_MAX)
        near.n = NEAR_MAX;
    while (near.n > 0 && !str_utf8_valid(near))
        near.n--;
    return refuse_near(s, str_trim(near), e);
}

/* -- Tokens ------------------------------------------------------------------------------------ */

static char peek(const struct scan *s, size_t ahead)
{
    return s->at + ahead < s->source.n ? s->source.p[s->at + ahead] : '\0';
}

static void take(struct scan *s, enum token_kind kind, size_t n)
{
    s->token = (struct token){ .kind = kind, .text = { s->source.p + s->at, n } };
    s->at += n;
}

/* Passes over blanks and comments that end with their line. */
static enum outcome skip_blanks(struct scan *s, struct err *e)
{
    for (;; s->at++) {
        if (peek(s, 0) == '-' && peek(s, 1) == '-') {
            if (peek(s, 2) == '[')
                return refuse_here(s, e);
            s->at += str_find(str_from(s->source, s->at), '\n');
        }
        char c = peek(s, 0);
        if (c == '\n')
            s->line++;
        else if (c != ' ' && c != '\t' && (c != '\r' || peek(s, 1) != '\n'))
            return OK;
    }
}

/* A literal with everything that sticks to it. */
static enum outcome take_number(struct scan *s, struct err *e)
{
    size_t n = 0;
    bool whole = true;
    for (; is_digit(peek(s, n)) || is_letter(peek(s, n)) || peek(s, n) == '.'; n++)
        whole = whole && is_digit(peek(s, n));
    take(s, TOKEN_NUMBER, n);
    whole = whole && (n == 1 || s->token.text.p[0] != '0');
    return whole ? OK : refuse(s, "formula.fraction", "number", s->token.text, e);
}

static enum outcome take_text(struct scan *s, struct err *e)
{
    size_t n = 1;
    for (; peek(s, n) != peek(s, 0); n++) {
        unsigned char c = (unsigned char)peek(s, n);
        if (c < ' ' || c == 0x7F) /* the end of the source as well */
            return refuse_here(s, e);
        if (c != '\\')
            continue;
        char escaped = peek(s, ++n);
        if (escaped == '\0' || !strchr("\\\"'nt", escaped))
            return refuse_here(s, e);
    }
    take(s, TOKEN_TEXT, n + 1);
    return OK;
}

static enum outcome take_token(struct scan *s, struct err *e)
{
    TRY(skip_blanks(s, e));
    char c = peek(s, 0);
    size_t n = 0;
    if (s->at == s->source.n) {
        take(s, TOKEN_END, 0);
        return OK;
    }
    if (is_digit(c) || (c == '.' && is_digit(peek(s, 1))))
        return take_number(s, e);
    if (c == '"' || c == '\'')
        return take_text(s, e);
    if (is_letter(c)) {
        while (is_letter(peek(s, n)) || is_digit(peek(s, n)))
            n++;
        take(s, TOKEN_NAME, n);
        s->token.keyword = find_keyword(s->token.text);
        return OK;
    }
    for (size_t i = 0; i < COUNT(operators); i++) {
        struct str text = str_z(operators[i].text);
        if (!str_starts(str_from(s->source, s->at), text))
            continue;
        if (operators[i].refused)
            break;
        take(s, TOKEN_OPERATOR, text.n);
        return OK;
    }
    return refuse_here(s, e);
}

/* -- Names ------------------------------------------------------------------------------------- */

static enum outcome declare(struct scan *s, struct err *e)
{
    struct str name = s->token.text;
    if (name.p[0] == '_' || s->nlocals == LOCALS_MAX)
        return refuse_near(s, name, e);
    s->locals[s->nlocals].name = name;
    s->locals[s->nlocals++].depth = s->depth;
    return OK;
}

static void close_block(struct scan *s, bool keep_locals)
{
    if (s->depth > 0)
        s->depth--;
    for (size_t i = s->nlocals; i > 0 && s->locals[i - 1].depth > s->depth; i--) {
        if (keep_locals)
            s->locals[i - 1].depth = s->depth;
        else
            s->nlocals = i - 1;
    }
}

static enum outcome use_name(struct scan *s, struct err *e)
{
    struct str name = s->token.text;
    for (size_t i = 0; i < s->nlocals; i++)
        if (str_eq(s->locals[i].name, name))
            return OK;
    s->constant = true;
    for (size_t i = 0; i < s->names->n; i++) {
        if (!str_is(name, formula_name(s->names, i)))
            continue;
        if (s->used)
            s->used[i] = true;
        return OK;
    }
    s->decimal = str_is(name, "decimal");
    return is_function(name) ? OK : refuse(s, "formula.unknown", "name", name, e);
}

static enum outcome take_keyword(struct scan *s, struct err *e)
{
    const struct keyword *k = s->token.keyword;
    bool function = str_is(s->token.text, "function");
    if (k->refused || (s->expecting != EXPECT_USE && !(function && s->expecting == EXPECT_LOCAL)))
        return refuse_near(s, s->token.text, e);
    /* The condition behind `until` still sees the block's locals. */
    if (k->closes)
        close_block(s, str_is(s->token.text, "until"));
    if (k->opens && !function)
        s->depth++;
    if (function)
        s->expecting = s->expecting == EXPECT_LOCAL ? EXPECT_LOCAL_FUNCTION : EXPECT_OPEN;
    else if (str_is(s->token.text, "local"))
        s->expecting = EXPECT_LOCAL;
    else if (str_is(s->token.text, "return"))
        s->returns = true;
    return OK;
}

static enum outcome take_name(struct scan *s, struct err *e)
{
    switch (s->expecting) {
    case EXPECT_LOCAL:
        s->expecting = EXPECT_LOCAL_MORE;
        return declare(s, e);
    case EXPECT_LOCAL_FUNCTION:
        s->expecting = EXPECT_OPEN;
        return declare(s, e);
    case EXPECT_PARAMETER:
        return declare(s, e);
    case EXPECT_OPEN:
        return refuse_near(s, s->token.text, e);
    default:
        return use_name(s, e);
    }
}

static enum outcome take_operator(struct scan *s, bool after_constant, bool after_decimal,
                                  struct err *e)
{
    struct str text = s->token.text;
    if (after_constant && str_is(text, "="))
        return refuse_near(s, text, e);
    s->decimal = after_decimal && str_is(text, "(");
    if (s->expecting == EXPECT_OPEN && str_is(text, "(")) {
        s->depth++; /* the function's block, with its parameters */
        s->expecting = EXPECT_PARAMETER;
    } else if (s->expecting == EXPECT_PARAMETER && str_is(text, ")")) {
        s->expecting = EXPECT_USE;
    } else if (s->expecting != EXPECT_USE && !str_is(text, ",")) {
        return refuse_near(s, text, e);
    }
    return OK;
}

/* One token, after the names that `local` waits for are done with. */
static enum outcome go_over(struct scan *s, struct err *e)
{
    bool after_constant = s->constant;
    bool after_decimal = s->decimal;
    s->constant = false;
    s->decimal = false;
    if (s->expecting == EXPECT_LOCAL_MORE)
        s->expecting = str_is(s->token.text, ",") ? EXPECT_LOCAL : EXPECT_USE;
    if (s->expecting == EXPECT_LOCAL && str_is(s->token.text, ","))
        return OK;
    struct str text = s->token.text;
    struct decimal d;
    switch (s->token.kind) {
    case TOKEN_NAME:
        return s->token.keyword ? take_keyword(s, e) : take_name(s, e);
    case TOKEN_OPERATOR:
        return take_operator(s, after_constant, after_decimal, e);
    case TOKEN_TEXT:
        text = (struct str){ text.p + 1, text.n - 2 };
        [[fallthrough]];
    case TOKEN_NUMBER:
        if (s->expecting != EXPECT_USE)
            return refuse_near(s, s->token.text, e);
        if (s->token.kind == TOKEN_TEXT && !after_decimal)
            return OK;
        if (decimal_read(&d, text, e) == OK)
            return OK;
        return refuse(s, e->code, "number", text, e);
    default:
        return OK;
    }
}

enum outcome formula_scan(struct buf *lua, struct str source, const struct formula_names *names,
                          bool *used, struct err *e)
{
    if (source.n > FORMULA_SOURCE_MAX)
        return REFUSE(e, "formula.too_long", { "max", S("4000") });
    struct scan s = { .source = source, .line = 1, .names = names, .used = used };
    if (source.n == 0 || !str_utf8_valid(source))
        return refuse_near(&s, S(""), e);
    char storage[FORMULA_LUA_MAX];
    struct buf body = buf_over(storage, sizeof storage);
    size_t copied = 0;
    bool empty = true;
    for (;;) {
        TRY(take_token(&s, e));
        if (s.token.kind == TOKEN_END)
            break;
        empty = false;
        TRY(go_over(&s, e));
        if (s.token.kind != TOKEN_NUMBER)
            continue;
        size_t from = (size_t)(s.token.text.p - source.p);
        buf_put(&body, source.p + copied, from - copied);
        buf_char(&body, '_');
        copied = from;
    }
    if (empty)
        return refuse_near(&s, S(""), e);
    buf_put(&body, source.p + copied, source.n - copied);
    if (!s.returns)
        buf_z(lua, "return ");
    buf_str(lua, buf_get(&body));
    BUG_ON(!buf_ok(&body) || !buf_ok(lua));
    return OK;
}
