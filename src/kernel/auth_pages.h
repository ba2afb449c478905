/* The pages of signing in and of choosing where one works, and their routes. */
#ifndef VEIN_KERNEL_AUTH_PAGES_H
#define VEIN_KERNEL_AUTH_PAGES_H

#include "gen/kernel/auth.sql.h"
#include "kernel/app.h"

enum { AUTH_FORM_MAX = 4096 };

struct auth_sign_in_view {
    struct str next; /* path to go on at */
    struct str text; /* why it was refused; absent: first time */
    struct str hint;
};

struct auth_password_view {
    struct str text; /* why it was refused; absent: first time */
    struct str hint;
};

struct auth_site_view {
    const struct auth_sites_out *sites;
    size_t n;
    struct str here;
    struct str next;
};

enum http_state auth_get_sign_in(struct http_request *r);
enum http_state auth_post_sign_in(struct http_request *r);
enum http_state auth_post_sign_out(struct http_request *r);
enum http_state auth_get_site(struct http_request *r);
enum http_state auth_post_site(struct http_request *r);
enum http_state auth_get_password(struct http_request *r);
enum http_state auth_post_password(struct http_request *r);

#endif
