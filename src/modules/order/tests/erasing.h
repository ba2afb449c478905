/* Two persons who erase a patient: each test program has its own. */
#ifndef VEIN_MODULES_ORDER_TESTS_ERASING_H
#define VEIN_MODULES_ORDER_TESTS_ERASING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "modules/order/tests/order_ground.h"

#define ERASING "patient.request_erasure patient.erase "

static struct fixture_person asker, orderer; /* site 1 */
static char request[40];                     /* of the last one who asked */

static inline enum outcome ask(const struct fixture_person *who)
{
    const enum outcome o = fixture_send(&f, who, "patient.request_erasure",
                                        "the patient asks for it", "{'patient':'%s'}", patient);
    if (o == OK)
        answered(request, sizeof request, "request");
    return o;
}

static inline enum outcome erase(const struct fixture_person *who)
{
    return fixture_send(&f, who, "patient.erase", "checked and right",
                        "{'patient':'%s','request':'%s'}", patient, request);
}

static inline enum seal_key key_of(const char *subject)
{
    enum seal_key key;
    struct err e = { 0 };
    assert_int_equal(keyring_look(f.node.keys, str_z(subject), &key, &e), OK);
    return key;
}

#endif
