/* vein-post: sends what the outbox has to send, one thing at a time; see kernel/post.h. */
#include "worker/post.h"

static const struct worker_program program = { &post_kind, post_run, post_prepare };

int main(int argc, char **argv)
{
    return worker_main(&program, argc, argv);
}
