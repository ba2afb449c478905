/* vein-openid: speaks to an identity provider and judges what it says; see kernel/openid.h. */
#include "worker/openid.h"

static const struct worker_program program = { &openid_kind, openid_run, openid_prepare };

int main(int argc, char **argv)
{
    return worker_main(&program, argc, argv);
}
