/* One order whose only task has a form with a text and two files, behind a real server: the ground
 * of tests of the order's pages. Person 1 may do everything there, person 2 sees, and stores
 * nothing. */
#ifndef VEIN_MODULES_DESK_TESTS_DESK_TRIAL_H
#define VEIN_MODULES_DESK_TESTS_DESK_TRIAL_H

#include "kernel/app.h"
#include "kernel/tests/auth_fixture.h"

enum { DESK_TRIAL_BODY = 3 << 20 };

extern struct desk_trial {
    struct auth_fixture a;
    struct app app;
    char got[1 << 20]; /* the last answer, head and body */
    char order[40];
    char body[DESK_TRIAL_BODY]; /* the form that is made */
    size_t nbody;
    struct str cookies[3];  /* of persons 1 and 2 */
    struct str csrf;        /* of person 1 */
    const char *const *own; /* definitions in place of the trial's, NULL behind the last; with the
                               same roles, product, and the task "test" first */
    unsigned orders;        /* beside the one, of patients of their own */
} desk_trial;

int desk_trial_open(void **state);
int desk_trial_close(void **state);

/* "/orders/<id><rest>". */
const char *desk_trial_path(const char *rest);
/* Gets a page, which must be there. */
const char *desk_trial_get(int person, const char *path);
/* What the page's hidden field, or mark, holds. */
struct str desk_trial_hidden(const char *html, const char *name);

/* A form of several parts: begun with token and command id, then its parts, then posted. */
void desk_trial_form(void);
void desk_trial_put(const char *text);
void desk_trial_bytes(const char *bytes, size_t n);
void desk_trial_text(const char *name, const char *value);
void desk_trial_file(const char *name, const char *called, const char *bytes, size_t n);
struct str desk_trial_head(int person, const char *path, size_t length);
int desk_trial_post(int person, const char *path);

/* Files in the folder of uploads; and that there is none, a moment after the answer. */
size_t desk_trial_uploads(void);
void desk_trial_nothing_left(void);

#define HAS(text)   assert_non_null(strstr(desk_trial.got, text))
#define LACKS(text) assert_null(strstr(desk_trial.got, text))

#endif
