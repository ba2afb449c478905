/* A random walk: commands that someone might send on two orders of the trial, mostly sensible. */
#ifndef VEIN_MODULES_IDENTITY_TESTS_WALK_H
#define VEIN_MODULES_IDENTITY_TESTS_WALK_H

#include "modules/identity/tests/identity_trial.h"

struct trial_walk {
    struct trial_id *t;
    const struct trial_order *orders; /* two */
    uint64_t chance;                  /* the seed at first */
};

unsigned trial_walk_draw(struct trial_walk *w, unsigned below);
/* Sends one command; its outcome may be anything but a fault. */
void trial_walk_step(struct trial_walk *w);

#endif
