#include "kernel/draft.h"
#include "kernel/tests/served.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/id.h"
#include "kernel/app.h"
#include "kernel/epoch.h"
#include "kernel/file_sent.h"
#include "kernel/flow.h"
#include "kernel/sign.h"
#include "kernel/stop.h"
#include "kernel/tests/auth_serve.h"
#include "kernel/tests/http_client.h"
#include "kernel/text.h"

enum { MODULES_MAX = 16 };

static const struct module *const kernels[] = {
    &stop_module, &epoch_module, &timer_module, &define_module,
    &flow_module, &auth_module,  &file_module,  &sign_module,
};
enum { KERNELS = sizeof kernels / sizeof kernels[0] };

static struct app app;
static char got[1 << 20];

static void open_at(struct served *s, const struct module *const *modules, size_t n,
                    const char *permissions, int site)
{
    static const struct module *all[MODULES_MAX];
    struct auth_session session;
    assert_true(n + KERNELS <= MODULES_MAX);
    memcpy(all, kernels, sizeof kernels);
    if (n > 0)
        memcpy(all + KERNELS, modules, n * sizeof modules[0]);
    text_use(text_rows, text_rows_count);
    modules_use(all, KERNELS + n);
    *s = (struct served){ 0 };
    auth_fixture_open_with(&s->a, all, KERNELS + n);
    auth_fixture_load_role(&s->a, "tested", 1, permissions);
    auth_fixture_account(&s->a, 1);
    auth_fixture_role(&s->a, 1, "tested", 1, site);
    auth_serve(&app, &s->a, all, KERNELS + n, 0);
    struct err e = { 0 };
    if (auth_fixture_enter(s->a.auth, S("person1"), RIGHT_PASSWORD, S("127.0.0.1"), &s->cookie,
                           s->a.f.arena, &e) != OK)
        fail_msg("sign-in: %s", e.code);
    if (auth_session_find(s->a.auth, s->cookie, &session, s->a.f.arena, &e) != OK)
        fail_msg("session: %s", e.code);
    s->csrf = arena_str(s->a.f.arena, session.csrf);
}

void served_open(struct served *s, const struct module *const *modules, size_t n,
                 const char *permissions)
{
    open_at(s, modules, n, permissions, 1);
}

void served_open_everywhere(struct served *s, const struct module *const *modules, size_t n,
                            const char *permissions)
{
    open_at(s, modules, n, permissions, 0);
}

void served_close(struct served *s)
{
    http_stop(app.server);
    auth_fixture_written(&s->a);
    auth_fixture_close(&s->a);
}

static int ask(struct str request)
{
    return client_ask(app.server, request, got, sizeof got);
}

int served_get(struct served *s, const char *path, const char *media_type)
{
    return ask(arena_printf(s->a.f.arena,
                            "GET %s HTTP/1.1\r\nHost: x\r\nAccept: %s\r\nCookie: vein=%.*s\r\n\r\n",
                            path, media_type, STR(s->cookie)));
}

int served_post(struct served *s, const char *path, const char *form)
{
    struct arena *arena = s->a.f.arena;
    const struct id id = id_derive(S("served"), S("command"), s->a.f.commands++);
    const struct str body =
        arena_printf(arena, "%s&_id=%.*s&_csrf=%.*s", form, STR(id_str(&id)), STR(s->csrf));
    return ask(arena_printf(arena,
                            "POST %s HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n"
                            "Cookie: vein=%.*s\r\n"
                            "Content-Type: application/x-www-form-urlencoded\r\n"
                            "Content-Length: %zu\r\n\r\n%.*s",
                            path, STR(s->cookie), body.n, STR(body)));
}

const char *served_answer(void)
{
    return got;
}

void served_wait(struct served *s, const char *path, const char *media_type, const char *text)
{
    for (int i = 0; i < 500; i++) {
        assert_int_equal(served_get(s, path, media_type), 200);
        if (strstr(got, text))
            return;
        usleep(10000);
    }
    fail_msg("%s says nothing of %s: %s", path, text, got);
}
