/* What the parts of formula share: formula_scan.c reads the source before Lua does, formula.c keeps
 * the sandbox, formula_decimal.c gives it numbers. */
#ifndef VEIN_KERNEL_FORMULA_IMPL_H
#define VEIN_KERNEL_FORMULA_IMPL_H

#include <lua.h>

#include "kernel/formula.h"

/* Names of inputs, wherever they stand: each at `stride` bytes after the one before. */
struct formula_names {
    const void *first;
    size_t stride;
    size_t n;
};

static inline const char *formula_name(const struct formula_names *names, size_t i)
{
    return *(const char *const *)(const void *)((const char *)names->first + i * names->stride);
}

/* Bytes of a source that the scan has gone over: a "return " and a mark at each literal. */
enum { FORMULA_LUA_MAX = 2 * FORMULA_SOURCE_MAX + 16 };

/* Reads the source, refuses what the language does not have, and writes it anew for Lua: a whole
 * number N becomes the name _N, and an expression gets its "return ". used: see formula_check. */
enum outcome formula_scan(struct buf *lua, struct str source, const struct formula_names *names,
                          bool *used, struct err *e);

/* One run. Found from anywhere in the sandbox as the user data of its allocator. */
struct sandbox {
    const struct formula_names *names;
    const struct formula_value *inputs; /* NULL: only compiled, not run */
    struct str lua;
    struct formula_value *out;
    struct arena *arena;
    struct err *e;
    size_t memory;  /* in use */
    bool starved;   /* the machine had no memory; not the formula's doing */
    bool told;      /* *e is filled; else Lua found the error itself */
    bool is_absent; /* ended because the result is absent */
    int line;       /* of the error; 0: not known */
};

struct sandbox *sandbox_of(lua_State *l);

/* Ends the run; the outcome was put into the sandbox's error before. */
int sandbox_raise(lua_State *l, enum outcome outcome);
int sandbox_raise_wrong_type(lua_State *l);
int sandbox_raise_absent(lua_State *l);

/* The metatables of decimals and of nil. */
void formula_decimal_open(lua_State *l);
void formula_decimal_push(lua_State *l, struct decimal d);
/* false when the value is no decimal. */
bool formula_decimal_at(lua_State *l, int index, struct decimal *out);

/* The functions a formula may call; ends with a NULL name. */
struct formula_function {
    const char *name;
    lua_CFunction call;
};
extern const struct formula_function formula_functions[];

#endif
