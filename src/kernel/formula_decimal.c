/* Decimals and absence in the sandbox. A decimal is a full userdata that holds a struct decimal;
 * nothing else in a formula is a full userdata. A column is a light one, its formula_value. nil has
 * a metatable of its own, which makes absence absorb. None of these functions calls back into Lua.
 */
#include "kernel/formula_impl.h"

enum { QUOTIENT_SCALE = 24 };

static const char metatable_key = 0; /* its address is the key in the registry */

void formula_decimal_push(lua_State *l, struct decimal d)
{
    /* Lua aligns less strictly than __int128 wants, so values are copied in and out. */
    void *at = lua_newuserdatauv(l, sizeof d, 0);
    memcpy(at, &d, sizeof d);
    lua_rawgetp(l, LUA_REGISTRYINDEX, &metatable_key);
    lua_setmetatable(l, -2);
}

bool formula_decimal_at(lua_State *l, int index, struct decimal *out)
{
    if (lua_type(l, index) != LUA_TUSERDATA)
        return false;
    memcpy(out, lua_touserdata(l, index), sizeof *out);
    return true;
}

/* A decimal, or the run ends. */
static struct decimal need_decimal(lua_State *l, int index)
{
    struct decimal d = decimal_none();
    if (!formula_decimal_at(l, index, &d))
        sandbox_raise_wrong_type(l);
    return d;
}

static bool any_absent(lua_State *l)
{
    for (int i = lua_gettop(l); i > 0; i--)
        if (lua_isnil(l, i))
            return true;
    return false;
}

typedef enum outcome operation(struct decimal *out, struct decimal a, struct decimal b,
                               struct err *e);

static int operate(lua_State *l, operation *op)
{
    if (any_absent(l)) {
        lua_pushnil(l);
        return 1;
    }
    struct decimal a = need_decimal(l, 1);
    struct decimal b = need_decimal(l, 2);
    struct decimal out;
    enum outcome outcome = op(&out, a, b, sandbox_of(l)->e);
    if (outcome != OK)
        return sandbox_raise(l, outcome);
    formula_decimal_push(l, out);
    return 1;
}

static enum outcome multiply(struct decimal *out, struct decimal a, struct decimal b, struct err *e)
{
    struct err too_long = { 0 };
    if (decimal_mul(out, a, b, &too_long) == OK)
        return OK;
    return decimal_mul_round(out, a, b, QUOTIENT_SCALE, e);
}

static enum outcome divide(struct decimal *out, struct decimal a, struct decimal b, struct err *e)
{
    TRY(decimal_div(out, a, b, QUOTIENT_SCALE, e));
    *out = decimal_reduce(*out);
    return OK;
}

static enum outcome negate(struct decimal *out, struct decimal a, struct decimal b, struct err *e)
{
    (void)b;
    return decimal_sub(out, decimal_of(0), a, e);
}

static int add(lua_State *l)
{
    return operate(l, decimal_add);
}

static int sub(lua_State *l)
{
    return operate(l, decimal_sub);
}

static int mul(lua_State *l)
{
    return operate(l, multiply);
}

static int div_(lua_State *l)
{
    return operate(l, divide);
}

static int unm(lua_State *l)
{
    return operate(l, negate); /* Lua gives the one operand twice */
}

/* <0, 0, >0; an order asked of what is absent ends the run. */
static int compare(lua_State *l)
{
    if (any_absent(l))
        return sandbox_raise_absent(l);
    return decimal_cmp(need_decimal(l, 1), need_decimal(l, 2));
}

static int lt(lua_State *l)
{
    lua_pushboolean(l, compare(l) < 0);
    return 1;
}

static int le(lua_State *l)
{
    lua_pushboolean(l, compare(l) <= 0);
    return 1;
}

static int eq(lua_State *l)
{
    lua_pushboolean(l, compare(l) == 0);
    return 1;
}

/* Puts a text or a decimal's text into the buffer. */
static void put_operand(lua_State *l, int index, struct buf *b)
{
    struct decimal d;
    size_t n;
    if (formula_decimal_at(l, index, &d)) {
        decimal_write(b, d);
        return;
    }
    if (lua_type(l, index) != LUA_TSTRING)
        sandbox_raise_wrong_type(l);
    const char *text = lua_tolstring(l, index, &n);
    buf_put(b, text, n);
}

static int concat(lua_State *l)
{
    if (any_absent(l)) {
        lua_pushnil(l);
        return 1;
    }
    char storage[FORMULA_TEXT_MAX];
    struct buf b = buf_over(storage, sizeof storage);
    put_operand(l, 1, &b);
    put_operand(l, 2, &b);
    if (!buf_ok(&b))
        return sandbox_raise(l, REFUSE(sandbox_of(l)->e, "formula.budget"));
    lua_pushlstring(l, b.p, b.n);
    return 1;
}

/* -- Functions --------------------------------------------------------------------------------- */

static int call_decimal(lua_State *l)
{
    struct decimal d;
    size_t n;
    if (lua_gettop(l) != 1)
        return sandbox_raise_wrong_type(l);
    if (lua_isnil(l, 1) || formula_decimal_at(l, 1, &d))
        return 1;
    if (lua_type(l, 1) != LUA_TSTRING)
        return sandbox_raise_wrong_type(l);
    const char *text = lua_tolstring(l, 1, &n);
    enum outcome outcome = decimal_read(&d, (struct str){ text, n }, sandbox_of(l)->e);
    if (outcome != OK)
        return sandbox_raise(l, outcome);
    formula_decimal_push(l, d);
    return 1;
}

static enum outcome round_to(struct decimal *out, struct decimal d, struct decimal digits,
                             struct err *e)
{
    digits = decimal_reduce(digits);
    bool whole =
        digits.scale == 0 && digits.coefficient >= 0 && digits.coefficient <= DECIMAL_SCALE_MAX;
    return decimal_round(out, d, whole ? (int)digits.coefficient : DECIMAL_NONE, e);
}

static int call_round(lua_State *l)
{
    if (lua_gettop(l) != 2)
        return sandbox_raise_wrong_type(l);
    return operate(l, round_to);
}

static int call_abs(lua_State *l)
{
    if (lua_gettop(l) != 1)
        return sandbox_raise_wrong_type(l);
    if (lua_isnil(l, 1) || decimal_sign(need_decimal(l, 1)) >= 0)
        return 1;
    lua_pushvalue(l, 1);
    return operate(l, negate);
}

/* -- Columns */

/* The one argument; NULL when it is absent, of a section that is not asked for. */
static const struct formula_value *need_column(lua_State *l)
{
    if (lua_gettop(l) != 1 || (!lua_isnil(l, 1) && !lua_islightuserdata(l, 1)))
        sandbox_raise_wrong_type(l);
    return lua_touserdata(l, 1);
}

/* The number in a cell; false when it is absent. Other than numbers end the run. */
static bool cell_number(lua_State *l, const struct formula_value *column, size_t i,
                        struct decimal *out)
{
    const struct formula_value *cell = &column->cells[i];
    if (cell->kind != FORMULA_ABSENT && cell->kind != FORMULA_NUMBER)
        sandbox_raise_wrong_type(l);
    *out = cell->number;
    return cell->kind == FORMULA_NUMBER && decimal_present(cell->number);
}

/* false when a cell is absent. */
static bool add_up(lua_State *l, const struct formula_value *column, struct decimal *sum)
{
    *sum = decimal_of(0);
    bool whole = true;
    for (size_t i = 0; i < column->ncells; i++) {
        struct decimal d;
        if (!cell_number(l, column, i, &d)) {
            whole = false;
            continue;
        }
        enum outcome outcome = decimal_add(sum, *sum, d, sandbox_of(l)->e);
        if (outcome != OK)
            sandbox_raise(l, outcome);
    }
    return whole;
}

static int call_sum(lua_State *l)
{
    const struct formula_value *column = need_column(l);
    struct decimal sum;
    if (column && add_up(l, column, &sum))
        formula_decimal_push(l, sum);
    else
        lua_pushnil(l);
    return 1;
}

static int call_mean(lua_State *l)
{
    const struct formula_value *column = need_column(l);
    struct decimal sum;
    if (!column || !add_up(l, column, &sum) || column->ncells == 0) {
        lua_pushnil(l);
        return 1;
    }
    enum outcome outcome = divide(&sum, sum, decimal_of((int64_t)column->ncells), sandbox_of(l)->e);
    if (outcome != OK)
        return sandbox_raise(l, outcome);
    formula_decimal_push(l, sum);
    return 1;
}

static int call_count(lua_State *l)
{
    const struct formula_value *column = need_column(l);
    int64_t given = 0;
    for (size_t i = 0; column && i < column->ncells; i++)
        given += column->cells[i].kind != FORMULA_ABSENT;
    if (column)
        formula_decimal_push(l, decimal_of(given));
    else
        lua_pushnil(l);
    return 1;
}

static int extreme_of_column(lua_State *l, int sign)
{
    const struct formula_value *column = need_column(l);
    struct decimal found = decimal_none();
    bool whole = column->ncells > 0;
    for (size_t i = 0; i < column->ncells; i++) {
        struct decimal d;
        if (!cell_number(l, column, i, &d))
            whole = false;
        else if (!decimal_present(found) || decimal_cmp(d, found) * sign > 0)
            found = d;
    }
    if (whole)
        formula_decimal_push(l, found);
    else
        lua_pushnil(l);
    return 1;
}

/* The argument farthest in the direction of sign; of one column, its cells. */
static int extreme(lua_State *l, int sign)
{
    if (lua_gettop(l) == 0)
        return sandbox_raise_wrong_type(l);
    if (lua_gettop(l) == 1 && lua_islightuserdata(l, 1))
        return extreme_of_column(l, sign);
    if (any_absent(l)) {
        lua_pushnil(l);
        return 1;
    }
    struct decimal found = need_decimal(l, 1);
    for (int i = lua_gettop(l); i > 1; i--) {
        struct decimal d = need_decimal(l, i);
        if (decimal_cmp(d, found) * sign > 0)
            found = d;
    }
    formula_decimal_push(l, found);
    return 1;
}

static int call_min(lua_State *l)
{
    return extreme(l, -1);
}

static int call_max(lua_State *l)
{
    return extreme(l, 1);
}

const struct formula_function formula_functions[] = {
    { "abs", call_abs },     { "count", call_count }, { "decimal", call_decimal },
    { "max", call_max },     { "mean", call_mean },   { "min", call_min },
    { "round", call_round }, { "sum", call_sum },     { NULL, NULL },
};

/* -- Metatables -------------------------------------------------------------------------------- */

static const struct formula_function metamethods[] = {
    { "__add", add },       { "__sub", sub }, { "__mul", mul }, { "__div", div_ }, { "__unm", unm },
    { "__concat", concat }, { "__lt", lt },   { "__le", le },   { "__eq", eq },    { NULL, NULL },
};

static void push_metatable(lua_State *l)
{
    lua_newtable(l);
    for (const struct formula_function *m = metamethods; m->name; m++) {
        lua_pushcfunction(l, m->call);
        lua_setfield(l, -2, m->name);
    }
    lua_pushboolean(l, false);
    lua_setfield(l, -2, "__metatable");
}

void formula_decimal_open(lua_State *l)
{
    push_metatable(l);
    lua_rawsetp(l, LUA_REGISTRYINDEX, &metatable_key);
    lua_pushnil(l);
    push_metatable(l);
    lua_setmetatable(l, -2); /* of the type nil, whatever the value */
    lua_pop(l, 1);
}
