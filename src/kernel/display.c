/* The device's own choice of language, colours and sound; see display.h. */
#include "kernel/display.h"

#include "gen/kernel/pages/display.html.h"
#include "kernel/app.h"

static const char language_cookie[] = "vein-language";
static const char theme_cookie[] = "vein-theme";
static const char sound_cookie[] = "vein-sound";
static const char *const themes[] = { "light", "dark", "contrast" };
enum { THEMES = sizeof themes / sizeof themes[0], YEAR_S = 366 * 86400 };

static bool is_theme(struct str s)
{
    for (size_t i = 0; i < THEMES; i++)
        if (str_is(s, themes[i]))
            return true;
    return false;
}

static struct str chosen_language(const struct http_request *r)
{
    const struct str language = http_cookie(r, language_cookie);
    return text_speaks(language) ? language : S("");
}

struct str display_language(const struct http_request *r)
{
    const struct str language = chosen_language(r);
    return language.n > 0 ? language : http_language(r, text_speaks);
}

struct str display_theme(const struct http_request *r)
{
    const struct str theme = http_cookie(r, theme_cookie);
    return is_theme(theme) ? theme : S("");
}

bool display_quiet(const struct http_request *r)
{
    return str_is(http_cookie(r, sound_cookie), "off");
}

static void offer(struct display_choice *list, size_t *n, struct str value, struct str label,
                  struct str now)
{
    if (*n < DISPLAY_CHOICES_MAX)
        list[(*n)++] = (struct display_choice){ value, label, str_eq(value, now) };
}

enum http_state display_get(struct http_request *r)
{
    struct page p = app_page(r);
    struct display_view v = { .next = app_next(http_query(r, "next")) };
    const struct str language = chosen_language(r);
    const struct str as_device = text_find(p.language, S("page.display.as_device"));
    offer(v.languages, &v.nlanguages, S(""), as_device, language);
    struct str spoken = { 0 };
    while ((spoken = text_language_after(spoken)).n > 0)
        offer(v.languages, &v.nlanguages, spoken, text_find(spoken, S("language.name")), language);
    offer(v.themes, &v.nthemes, S(""), as_device, p.theme);
    for (size_t i = 0; i < THEMES; i++) {
        const struct str key = arena_printf(r->arena, "page.display.%s", themes[i]);
        offer(v.themes, &v.nthemes, str_z(themes[i]), text_find(p.language, key), p.theme);
    }
    const struct str sound = p.quiet ? S("off") : S("");
    offer(v.sounds, &v.nsounds, S(""), text_find(p.language, S("page.display.sound_on")), sound);
    offer(v.sounds, &v.nsounds, S("off"), text_find(p.language, S("page.display.sound_off")),
          sound);
    page_display(&p, &v);
    return app_page_done(r, &p, "page.display.title");
}

static struct str cookie(const struct http_request *r, const char *name, struct str value)
{
    return arena_printf(r->arena, "%s=%.*s; Path=/; HttpOnly; SameSite=Lax%s; Max-Age=%d", name,
                        STR(value), http_secure(r) ? "; Secure" : "", value.n > 0 ? YEAR_S : 0);
}

enum http_state display_post(struct http_request *r)
{
    const struct str language = http_form(r, "language");
    const struct str theme = http_form(r, "theme");
    const struct str sound = http_form(r, "sound");
    struct err e = { 0 };
    if ((language.n > 0 && !text_speaks(language)) || (theme.n > 0 && !is_theme(theme)) ||
        (sound.n > 0 && !str_is(sound, "off"))) {
        (void)REFUSE(&e, "display.unknown");
        return app_problem(r, &e);
    }
    r->answer = (struct http_answer){
        .status = 303,
        .location = app_next(http_form(r, "next")),
        .set_cookie = { cookie(r, language_cookie, language), cookie(r, theme_cookie, theme),
                        cookie(r, sound_cookie, sound) },
    };
    return HTTP_DONE;
}
