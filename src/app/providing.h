/* Providing: who of outside this program is believed about people and systems, as the configuration
 * says: an organisation's identity provider, and the authorities of systems' certificates. */
#ifndef VEIN_APP_PROVIDING_H
#define VEIN_APP_PROVIDING_H

#include "app/params.h"
#include "kernel/openid.h"

struct providing;

/* `params` are copied, `workers` borrowed. Refusals: "openid.secret" {path}, "params.trusted"
 * {path}, and those of openid_open. */
enum outcome providing_open(struct providing **out, const struct params *params,
                            struct workers *workers, struct err *e);
void providing_close(struct providing *p);

struct openid *providing_openid(const struct providing *p); /* NULL: there is none */
const char *providing_client_ca(const struct providing *p); /* PEM; NULL: none */

#endif
