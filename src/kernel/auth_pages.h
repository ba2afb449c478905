/* The pages of signing in, of the lock, of choosing where one works, and of what one signs in with;
 * and their routes. */
#ifndef VEIN_KERNEL_AUTH_PAGES_H
#define VEIN_KERNEL_AUTH_PAGES_H

#include "gen/kernel/auth.sql.h"
#include "kernel/app.h"
#include "kernel/show.h"
#include "kernel/table.h"

enum {
    AUTH_FORM_MAX = 4096,
    AUTH_PROOF_MAX = 32 << 10,
    AUTH_KEPT_MAX = 256 << 10,
    AUTH_KEY_FORM_MAX = 32 << 10
};

/* What a token is asked by a page's script (ui/token.ts). */
struct auth_ask_token {
    struct str challenge;
    struct str party; /* its id: the host */
};

/* A display on a wall is set up, or taken down. */
struct auth_wall_view {
    struct show_refusal refused;
    bool stands; /* a key is kept here */
};
http_handler_fn auth_get_wall, auth_post_wall;

struct auth_sign_in_view {
    struct str next; /* path to go on at */
    struct show_refusal refused;
    struct auth_ask_token ask;
    struct str openid; /* the organisation's provider; absent: none */
    struct str said;   /* what went before, as "The password is set."; absent: nothing */
};

struct auth_password_view {
    struct show_refusal refused;
};

struct auth_setup_view {
    struct show_refusal refused;
    struct str login;
};

struct auth_site_view {
    const struct auth_sites_out *sites;
    size_t n;
    struct str here;
    struct str next;
};

/* What is known of how sites are reached, and of one, for who keeps that. */
struct auth_described_view {
    struct str organisation, organisation_name;
    const struct auth_described_out *rows;
    size_t n;
    bool may_make;
    struct show_refusal refused; /* of a new one, with what was entered */
    struct str name, kind, zone;
    const struct str *kinds;
    size_t nkinds;
};
struct auth_site_of_view {
    struct auth_site_out row;
    struct str organisation;
    struct show_refusal refused;
    struct str phone, phone_later, address, latitude, longitude,
        reason; /* as entered, or as known */
};
http_handler_fn auth_get_sites, auth_post_sites, auth_get_site_of, auth_post_site_of;

/* The lock: whose session it is, and what was sent to it, which goes on with it. */
struct auth_locked_view {
    struct str person;
    struct str csrf;
    struct str next; /* where the person was */
    struct str to;   /* where the form that was sent goes; absent: none was */
    const struct record_pair *kept;
    size_t nkept;
    const struct record_pair *files; /* which were chosen in it: their fields and names; what was */
    size_t nfiles;                   /* in them is not kept */
    struct show_refusal refused;
    struct auth_ask_token ask;
};

struct auth_credential_view {
    const struct auth_credentials_out *row;
    struct str name;
    int64_t left; /* codes of recovery */
    bool key;     /* or certificate, of a service account */
    bool near;    /* it ends soon, or has ended */
    struct str site;
};
struct auth_session_view {
    const struct auth_account_sessions_out *row;
    struct str address;
    int64_t seen;
    bool here;
};
/* What an account may, for who administers it. */
struct auth_right_line {
    const struct auth_roles_out *row;
    struct str reach; /* where and for what it holds */
    int64_t until;    /* TIME_NONE: until it is taken */
};
struct auth_rights_view {
    bool shown;
    bool service;
    struct str organisation;
    bool closed;
    int64_t sanctioned; /* when somebody saw who it is; TIME_NONE: nobody yet */
    bool may_sanction;
    bool may_give;
    bool may_take;
    bool may_close;
    bool may_reopen;
    const struct auth_right_line *lines;
    size_t nlines;
    const struct str *roles; /* names of definitions */
    size_t nroles;
    const struct str *products;
    size_t nproducts;
    const struct auth_place *sites; /* of the organisation */
    size_t nsites;
    struct str here; /* offered first: most people work where who gives the role does */
};
struct auth_people_line {
    const struct auth_accounts_out *row;
    struct str roles;
};
struct auth_people_view {
    struct show_refusal refused;
    struct str organisation;
    struct str organisation_name;
    const struct auth_people_line *lines;
    size_t n;
    struct table_view table;
    bool guests; /* accounts of others that have a role here */
    bool may_make;
    bool may_describe_sites;
    struct str login; /* as entered */
    struct str name;
    bool service;
};

enum { AUTH_FIRST_STEPS = 3 };
struct auth_account_view {
    struct str account;
    struct str person;
    struct str login;
    bool own;
    struct str guest_of; /* name of the organisation that keeps it, where that is another */
    bool may_setup;
    bool may_revoke;
    bool may_end_one; /* session */
    bool may_end;
    bool has_code;
    bool has_token;
    bool has_pin;
    bool has_setup; /* a code waits to be used */
    bool has_identity;
    /* How far a new account is: who it is, a role, a way to sign in; each "done", "now" or "next".
     * NULL: it is no new one. */
    const char *first[AUTH_FIRST_STEPS];
    bool enough; /* what the roles ask for was shown */
    const char *required;
    const struct auth_credential_view *credentials;
    size_t ncredentials;
    const struct auth_session_view *sessions;
    size_t nsessions;
    struct show_refusal refused;
    struct auth_ask_token ask;
    bool service; /* a system or device, which has keys and nothing else */
    bool may_issue;
    bool may_link;
    struct str openid;        /* as above */
    const struct str *scopes; /* that a key of it may be narrowed to */
    size_t nscopes;
    const struct auth_sites_out *sites;
    size_t nsites;
    struct auth_rights_view rights;
    struct str user; /* by which a token keeps who it is for, base64url */
};

/* A code's secret, to be put into an authenticator app. */
struct auth_code_view {
    struct str path; /* of the QR code */
    int size;
    struct str secret;
    struct str groups; /* the secret as people type it */
    struct str mark;   /* that it is ours, for this session */
    struct show_refusal refused;
};

struct openid_link_view {
    struct str name; /* of whom the provider named */
    struct str provider;
};

struct openid_on_view {
    struct str to;
    struct str text;
};

/* Shown once: recovery codes, or the code of a set-up. */
struct auth_once_view {
    const struct str *codes;
    size_t n;
    struct str person;  /* for whom; absent: oneself */
    struct str login;   /* what they enter with a code, … */
    struct str address; /* … and where */
    bool key;           /* of a service */
    int64_t expires;
    struct str back;
};

/* Has the work done on a thread for what takes long (auth_later.c), which makes the answer; or
 * hands the request on, as a handler does, and returns HTTP_WAIT. When too many wait: 503
 * "auth.busy" with Retry-After. */
enum http_state auth_later(struct http_request *r, http_handler_fn *fn);
/* The same for who answers otherwise when too many wait: REFUSED "auth.busy". After OK the request
 * must not be touched. */
enum outcome auth_later_put(struct http_request *r, http_handler_fn *fn, struct err *e);

/* The form again, with the status of its refusal. */
enum http_state auth_form_again(struct http_request *r, struct page *p, const char *title_key,
                                const struct err *e);
struct show_refusal auth_refusal(struct page *p, const struct err *e);
/* What the form of a request shows: password, code, assertion. `of`: who was asked. */
struct auth_proof auth_proof_of(struct http_request *r, struct str of);
struct auth_ask_token auth_ask_token(struct http_request *r, struct str of);
enum http_state auth_go(struct http_request *r, struct str cookie, struct str to);

/* Answers a request to a locked session: shows the lock, and keeps what was sent. */
void auth_locked(struct http_request *r, const struct err *e);

/* The sign-in again; where one goes on after it; the person of the session shows the password. */
enum http_state auth_sign_in_refused(struct http_request *r, const struct err *e);
struct str auth_after_sign_in(const struct auth_session *session, struct str next);
enum outcome auth_prove_own(struct http_request *r, struct err *e);
enum http_state auth_own_again(struct http_request *r, const struct err *e);

enum http_state auth_get_sign_in(struct http_request *r);
enum http_state auth_post_sign_in(struct http_request *r);
enum http_state auth_post_sign_out(struct http_request *r);
enum http_state auth_get_site(struct http_request *r);
enum http_state auth_post_site(struct http_request *r);
enum http_state auth_get_password(struct http_request *r);
enum http_state auth_post_password(struct http_request *r);
enum http_state auth_get_setup(struct http_request *r);
enum http_state auth_post_setup(struct http_request *r);

enum http_state auth_get_locked(struct http_request *r);
enum http_state auth_post_lock(struct http_request *r);
enum http_state auth_post_unlock(struct http_request *r);
enum http_state auth_post_switch(struct http_request *r);
enum http_state auth_post_here(struct http_request *r);

enum http_state auth_get_account(struct http_request *r);
enum http_state auth_post_code(struct http_request *r);
enum http_state auth_post_code_confirm(struct http_request *r);
enum http_state auth_post_token(struct http_request *r);
enum http_state auth_post_recovery(struct http_request *r);
enum http_state auth_post_badge(struct http_request *r);
enum http_state auth_post_revoke(struct http_request *r);
enum http_state auth_post_end(struct http_request *r);
enum http_state auth_get_access(struct http_request *r);
enum http_state auth_post_issue(struct http_request *r);

enum http_state auth_get_people(struct http_request *r);
enum http_state auth_post_people(struct http_request *r);
/* The roles that an account of another organisation has in that of who asks, and no more of it. */
enum outcome auth_guest_fill(struct auth_rights_view *v, struct http_request *r, struct db *db,
                             struct page *p, struct str account, struct err *e);
enum outcome auth_rights_fill(struct auth_rights_view *v, struct http_request *r, struct db *db,
                              struct page *p, const struct auth_account_out *row, struct err *e);
/* What is left to do before somebody, or something, can work with a new account. */
enum outcome auth_first_fill(struct http_request *r, struct db *db, struct auth_account_view *v,
                             struct err *e);

/* What of a service account its page shows besides (auth_key_pages.c). */
enum outcome auth_keys_fill(struct http_request *r, struct db *db, struct auth_account_view *v,
                            int64_t version, struct err *e);
enum http_state auth_post_key(struct http_request *r);
/* The page of an account to who administers it, again after a refused form. */
enum http_state auth_access_again(struct http_request *r, const struct err *e);

#endif
