/* Which addresses a partner's endpoint may lead to. Whoever writes a partner's definition could
 * otherwise have this program speak to what only it can reach: itself, its neighbours, a cloud's
 * metadata (server-side request forgery). So addresses that are not public (loopback, private,
 * link-local, shared, documentation, multicast, reserved: IANA's special-purpose registries, RFC
 * 6890, also inside IPv6's mapped and translated forms) are refused, but for those that the
 * configuration names: "10.20.0.0/16, 127.0.0.1:8080, [fd00::5]:443", address, perhaps a prefix,
 * perhaps a port. */
#ifndef VEIN_KERNEL_POST_GUARD_H
#define VEIN_KERNEL_POST_GUARD_H

#include <sys/socket.h>

#include "base/str.h"

enum post_place { POST_OUTSIDE, POST_INSIDE, POST_ALLOWED };

/* An address of another family than IPv4 and IPv6 is inside. */
enum post_place post_guard(const struct sockaddr *address, struct str allowed);
/* Whether the list can be read to its end. */
bool post_guard_valid(struct str allowed);

#endif
