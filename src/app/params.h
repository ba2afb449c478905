/* Configuration of a serving program; see params.def. */
#ifndef VEIN_APP_PARAMS_H
#define VEIN_APP_PARAMS_H

#include "base/err.h"

enum { PARAM_VALUE_MAX = 512, PARAM_FILE_MAX = 64 << 10 };

struct params {
#define PARAM(name, value, text) char name[PARAM_VALUE_MAX];
#include "app/params.def"
#undef PARAM
};

/* Defaults, then the file (NULL: none), then the environment. Refusals: "params.file" {path},
 * "params.unknown" {line, name}, "params.too_long" {name}. */
enum outcome params_read(struct params *out, const char *path, struct err *e);
/* A whole number from 1 to max; REFUSED "params.number" {name}. */
enum outcome params_number(const char *name, const char *value, int64_t max, int64_t *out,
                           struct err *e);

#endif
