/* The sandbox: one Lua state for one run, without any library, with an allocator and a hook that
 * count, and an environment that knows the inputs, the functions and the literals and takes no
 * assignment. Everything that can raise runs in one protected call; nothing in the sandbox can
 * catch an error, so the first one ends the run.
 *
 * What bounds time: the hook counts instructions, and each instruction does a bounded piece of
 * work, because no text passes FORMULA_TEXT_MAX (the allocator sees to it) and the scan lets in
 * neither tables nor varargs. */
#include "kernel/formula_impl.h"

#include <stdlib.h>

#include "base/test.h"

enum { TEXT_OVERHEAD = 64 }; /* Lua's header of a string is below */

struct sandbox *sandbox_of(lua_State *l)
{
    void *s;
    lua_getallocf(l, &s);
    return s;
}

/* A lua_Alloc. For a new block, old_size is the type it is for. */
static void *allocate(void *context, void *block, size_t old_size, size_t size)
{
    struct sandbox *s = context;
    size_t old = block ? old_size : 0;
    if (size == 0) {
        s->memory -= old;
        free(block);
        return NULL;
    }
    if (!block && old_size == LUA_TSTRING && size > FORMULA_TEXT_MAX + TEXT_OVERHEAD)
        return NULL;
    if (size > old && size - old > FORMULA_MEMORY_MAX - s->memory)
        return NULL;
    void *moved = size > old && memory_fails_now() ? NULL : realloc(block, size);
    if (!moved && size <= old)
        return block; /* Lua counts on it that shrinking never fails */
    s->starved = !moved;
    if (moved)
        s->memory = s->memory - old + size;
    return moved;
}

/* -- Errors ------------------------------------------------------------------------------------ */

int sandbox_raise(lua_State *l, enum outcome outcome)
{
    struct sandbox *s = sandbox_of(l);
    BUG_ON(outcome == OK);
    s->told = true;
    lua_pushnil(l);
    return lua_error(l);
}

int sandbox_raise_wrong_type(lua_State *l)
{
    return sandbox_raise(l, REFUSE(sandbox_of(l)->e, "formula.wrong_type"));
}

int sandbox_raise_absent(lua_State *l)
{
    sandbox_of(l)->is_absent = true;
    lua_pushnil(l);
    return lua_error(l);
}

static void out_of_budget(lua_State *l, lua_Debug *unused)
{
    (void)unused;
    sandbox_raise(l, REFUSE(sandbox_of(l)->e, "formula.budget"));
}

/* Called where an error arises, while the stack still tells the line. */
static int note_line(lua_State *l)
{
    struct sandbox *s = sandbox_of(l);
    lua_Debug frame;
    for (int level = 1; s->line == 0 && lua_getstack(l, level, &frame); level++)
        if (lua_getinfo(l, "l", &frame) && frame.currentline > 0)
            s->line = frame.currentline;
    return 1;
}

static void add_line(struct err *e, int line)
{
    if (line == 0 || e->nparams == ERR_PARAMS_MAX)
        return;
    struct buf b = buf_over(e->params[e->nparams].value, ERR_VALUE_MAX - 1);
    buf_int(&b, line);
    e->params[e->nparams].value[b.n] = '\0';
    e->params[e->nparams++].name = "line";
}

/* From a message of Lua's compiler, `formula:LINE: what near 'token'`, which is its only way to
 * tell. The mark of a literal is not shown. */
static enum outcome refuse_syntax(struct sandbox *s, struct str message)
{
    struct str rest = message;
    str_cut(&rest, ':');
    struct str line = str_cut(&rest, ':');
    struct str near = { 0 };
    for (size_t i = 0; i + 6 < rest.n; i++)
        if (str_starts(str_from(rest, i), S(" near ")))
            near = str_from(rest, i + 6);
    if (str_is(near, "<eof>") || !near.p)
        near = S("end");
    if (near.n > 2 && near.p[0] == '\'')
        near = (struct str){ near.p + 1, near.n - 2 };
    if (near.n > 1 && near.p[0] == '_')
        near = str_from(near, 1);
    return REFUSE(s->e, "formula.syntax", { "line", line }, { "near", near });
}

/* -- Environment ------------------------------------------------------------------------------- */

static void push_input(lua_State *l, const struct formula_value *v)
{
    switch (v->kind) {
    case FORMULA_NUMBER:
        if (decimal_present(v->number))
            formula_decimal_push(l, v->number);
        else
            lua_pushnil(l);
        return;
    case FORMULA_TEXT:
        lua_pushlstring(l, v->text.p ? v->text.p : "", v->text.n);
        return;
    case FORMULA_BOOL:
        lua_pushboolean(l, v->truth);
        return;
    case FORMULA_COLUMN: /* light: neither decimal nor anything that has arithmetic */
        lua_pushlightuserdata(l, (void *)(uintptr_t)v);
        return;
    default:
        lua_pushnil(l);
    }
}

static void push_named(lua_State *l, struct str name)
{
    struct sandbox *s = sandbox_of(l);
    struct decimal literal;
    for (size_t i = 0; i < s->names->n; i++)
        if (str_is(name, formula_name(s->names, i)))
            return push_input(l, &s->inputs[i]);
    for (const struct formula_function *f = formula_functions; f->name; f++)
        if (str_is(name, f->name))
            return lua_pushcfunction(l, f->call);
    if (name.n > 1 && name.p[0] == '_' && decimal_read(&literal, str_from(name, 1), s->e) == OK)
        return formula_decimal_push(l, literal);
    sandbox_raise(l, REFUSE(s->e, "formula.unknown", { "name", name }));
}

/* __index of the environment; values once found stay in the table of the upvalue. */
static int find_global(lua_State *l)
{
    size_t n;
    lua_settop(l, 2);
    lua_pushvalue(l, 2);
    if (lua_rawget(l, lua_upvalueindex(1)) != LUA_TNIL)
        return 1;
    if (lua_type(l, 2) != LUA_TSTRING)
        return sandbox_raise_wrong_type(l);
    const char *name = lua_tolstring(l, 2, &n);
    push_named(l, (struct str){ name, n });
    lua_pushvalue(l, 2);
    lua_pushvalue(l, -2);
    lua_rawset(l, lua_upvalueindex(1));
    return 1;
}

static int refuse_assignment(lua_State *l)
{
    return sandbox_raise_wrong_type(l);
}

static void push_environment(lua_State *l)
{
    lua_newtable(l);
    lua_newtable(l);
    lua_newtable(l);
    lua_pushcclosure(l, find_global, 1);
    lua_setfield(l, -2, "__index");
    lua_pushcfunction(l, refuse_assignment);
    lua_setfield(l, -2, "__newindex");
    lua_pushboolean(l, false);
    lua_setfield(l, -2, "__metatable");
    lua_setmetatable(l, -2);
}

/* -- Run --------------------------------------------------------------------------------------- */

static const char *give_source(lua_State *l, void *context, size_t *n)
{
    (void)l;
    struct str *rest = context;
    const char *p = rest->p;
    *n = rest->n;
    rest->n = 0;
    return *n > 0 ? p : NULL;
}

static void compile(lua_State *l, struct sandbox *s)
{
    struct str rest = s->lua;
    size_t n;
    int status = lua_load(l, give_source, &rest, "=formula", "t");
    if (status == LUA_OK)
        return;
    if (status == LUA_ERRMEM)
        sandbox_raise(l, s->starved ? err_no_memory(s->e) : REFUSE(s->e, "formula.budget"));
    const char *message = lua_tolstring(l, -1, &n);
    sandbox_raise(l, refuse_syntax(s, (struct str){ message, message ? n : 0 }));
}

/* Takes the value on top of the stack. */
static void take_result(lua_State *l, struct sandbox *s)
{
    struct formula_value *out = s->out;
    size_t n;
    switch (lua_type(l, -1)) {
    case LUA_TNIL:
        return;
    case LUA_TBOOLEAN:
        out->kind = FORMULA_BOOL;
        out->truth = lua_toboolean(l, -1);
        return;
    case LUA_TSTRING:
        out->kind = FORMULA_TEXT;
        out->text.p = lua_tolstring(l, -1, &n);
        out->text = arena_str(s->arena, (struct str){ out->text.p, n });
        if (!out->text.p)
            sandbox_raise(l, err_no_memory(s->e));
        return;
    default:
        if (!formula_decimal_at(l, -1, &out->number))
            sandbox_raise_wrong_type(l);
        out->kind = FORMULA_NUMBER;
    }
}

static int run_protected(lua_State *l)
{
    struct sandbox *s = sandbox_of(l);
    formula_decimal_open(l);
    compile(l, s);
    if (!s->inputs)
        return 0;
    push_environment(l);
    BUG_ON(!lua_setupvalue(l, -2, 1)); /* _ENV, the one upvalue of a chunk */
    lua_sethook(l, out_of_budget, LUA_MASKCOUNT, FORMULA_INSTRUCTIONS_MAX);
    lua_call(l, 0, 1);
    take_result(l, s);
    return 0;
}

static enum outcome run(struct sandbox *s)
{
    lua_State *l = lua_newstate(allocate, s);
    if (!l)
        return err_no_memory(s->e);
    lua_pushcfunction(l, note_line);
    lua_pushcfunction(l, run_protected);
    int status = lua_pcall(l, 0, 0, 1);
    lua_close(l);
    if (status == LUA_OK || s->is_absent)
        return OK;
    if (!s->told && status == LUA_ERRMEM && s->starved)
        return err_no_memory(s->e);
    if (!s->told)
        (void)REFUSE(s->e, status == LUA_ERRRUN ? "formula.wrong_type" : "formula.budget");
    if (s->e->outcome == REFUSED && !err_param(s->e, "line").p)
        add_line(s->e, s->line);
    return s->e->outcome;
}

enum outcome formula_check(struct str source, const char *const *inputs, size_t ninputs, bool *used,
                           struct err *e)
{
    char storage[FORMULA_LUA_MAX];
    struct buf lua = buf_over(storage, sizeof storage);
    const struct formula_names names = { inputs, sizeof *inputs, ninputs };
    TRY(formula_scan(&lua, source, &names, used, e));
    struct sandbox s = { .names = &names, .lua = buf_get(&lua), .e = e };
    return run(&s);
}

enum outcome formula_run(struct formula_value *out, struct str source,
                         const struct formula_value *inputs, size_t ninputs, struct arena *arena,
                         struct err *e)
{
    static const struct formula_value none;
    char storage[FORMULA_LUA_MAX];
    struct buf lua = buf_over(storage, sizeof storage);
    const struct formula_names names = { inputs, sizeof *inputs, ninputs };
    TRY(formula_scan(&lua, source, &names, NULL, e));
    *out = (struct formula_value){ .kind = FORMULA_ABSENT, .number = decimal_none() };
    struct sandbox s = { .names = &names,
                         .inputs = inputs ? inputs : &none,
                         .lua = buf_get(&lua),
                         .out = out,
                         .arena = arena,
                         .e = e };
    return run(&s);
}
