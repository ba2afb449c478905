/* vein serve: until it is told to stop. */
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include "app/cli.h"
#include "app/serve.h"

void cli_serve_until_signal(void)
{
    sigset_t signals;
    int which = 0;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    while (which == 0)
        if (sigwait(&signals, &which) != 0)
            break;
}

int cli_serve_end(struct serve *s)
{
    struct err failed = s->failed;
    serve_close(s);
    return failed.outcome == OK ? CLI_DONE : cli_error(&failed);
}

void cli_serve_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* before any thread, so that all inherit it */
    signal(SIGPIPE, SIG_IGN);
}

int cli_serve(int argc, char **argv)
{
    const char *db = NULL;
    const char *listen = NULL;
    const char *config = NULL;
    const struct cli_option options[] = {
        { "db", CLI_TEXT, &db, true },
        { "listen", CLI_TEXT, &listen, false },
        { "config", CLI_TEXT, &config, false },
    };
    int code;
    if (!cli_read(argc, argv, options, 3, NULL, 0, &code))
        return code;
    static struct serve s;
    struct params params;
    struct err e = { 0 };
    cli_serve_signals();
    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 }); /* a core would hold keys and names */
    if (params_read(&params, config, &e) != OK)
        return cli_error(&e);
    if (listen)
        snprintf(params.listen, sizeof params.listen, "%s", listen);
    struct serve_options serve = { .path = db, .params = &params };
    if (serve_open(&s, &serve, &e) != OK)
        return cli_error(&e);
    struct str address = http_address(s.app.server);
    printf("%s://%.*s\n", s.certificate[0] ? "https" : "http", STR(address));
    fflush(stdout);
    cli_serve_until_signal();
    return cli_serve_end(&s);
}
