/* Instants and dates as text; see clock.h. The civil arithmetic counts years from March, so that
 * the leap day is a year's last, in eras of 400 years (146,097 days) in the proleptic Gregorian
 * calendar. The C library's time functions are not used: they know time zones and locales. */
#include "base/clock.h"

enum {
    DAYS_PER_ERA = 146097,
    DAYS_TO_1970 = 719468, /* from 0000-03-01 */
    YEAR_MAX = 9999,
};

#define CLOCK_MIN_US INT64_C(-62135596800000000) /* 0001-01-01T00:00:00.000000Z */
#define CLOCK_MAX_US INT64_C(253402300799999999) /* 9999-12-31T23:59:59.999999Z */

struct date {
    int64_t year; /* 1 … 9999 */
    int64_t month;
    int64_t day;
};

/* Days since 1970-01-01. */
static int64_t days_of_date(struct date d)
{
    const int64_t year = d.month > 2 ? d.year : d.year - 1;
    const int64_t month = d.month > 2 ? d.month - 3 : d.month + 9; /* 0 is March */
    const int64_t year_of_era = year % 400;
    const int64_t day_of_year = (153 * month + 2) / 5 + d.day - 1;
    const int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return year / 400 * DAYS_PER_ERA + day_of_era - DAYS_TO_1970;
}

static struct date date_of_days(int64_t days)
{
    const int64_t since = days + DAYS_TO_1970; /* positive from year 1 on */
    const int64_t day_of_era = since % DAYS_PER_ERA;
    const int64_t leap_days = day_of_era / 1460 - day_of_era / 36524 + day_of_era / 146096;
    const int64_t year_of_era = (day_of_era - leap_days) / 365;
    const int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t month = (5 * day_of_year + 2) / 153;
    const int64_t year = since / DAYS_PER_ERA * 400 + year_of_era;
    return (struct date){
        .year = month < 10 ? year : year + 1,
        .month = month < 10 ? month + 3 : month - 9,
        .day = day_of_year - (153 * month + 2) / 5 + 1,
    };
}

static int64_t days_in_month(int64_t year, int64_t month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* Writes v with exactly n digits and the character behind them. */
static void put_digits(struct buf *b, int64_t v, size_t n, char behind)
{
    char text[8];
    for (size_t i = n; i > 0; i--, v /= 10)
        text[i - 1] = (char)('0' + v % 10);
    text[n] = behind;
    buf_put(b, text, n + 1);
}

void clock_write(struct buf *b, int64_t us)
{
    if (us < CLOCK_MIN_US)
        us = CLOCK_MIN_US;
    if (us > CLOCK_MAX_US)
        us = CLOCK_MAX_US;
    int64_t days = us / TIME_DAY;
    int64_t rest = us % TIME_DAY;
    if (rest < 0) {
        days--;
        rest += TIME_DAY;
    }
    const struct date d = date_of_days(days);
    char text[CLOCK_TEXT_LENGTH]; /* a full buffer drops the instant whole */
    struct buf t = buf_over(text, sizeof text);
    put_digits(&t, d.year, 4, '-');
    put_digits(&t, d.month, 2, '-');
    put_digits(&t, d.day, 2, 'T');
    put_digits(&t, rest / TIME_HOUR, 2, ':');
    put_digits(&t, rest % TIME_HOUR / TIME_MINUTE, 2, ':');
    put_digits(&t, rest % TIME_MINUTE / TIME_SECOND, 2, '.');
    put_digits(&t, rest % TIME_SECOND, 6, 'Z');
    BUG_ON(!buf_ok(&t));
    buf_str(b, buf_get(&t));
}

/* The take functions move *s behind what they took; after false it may stand anywhere. */
static bool take_char(struct str *s, char c)
{
    if (s->n == 0 || s->p[0] != c)
        return false;
    *s = str_from(*s, 1);
    return true;
}

static size_t count_digits(struct str s)
{
    size_t n = 0;
    while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
        n++;
    return n;
}

/* The first n characters, which must be digits; at most 18. */
static bool take_digits(int64_t *out, struct str *s, size_t n)
{
    if (n > 18 || count_digits(*s) < n)
        return false;
    int64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v = v * 10 + (s->p[i] - '0');
    *s = str_from(*s, n);
    *out = v;
    return true;
}

static bool take_date(struct date *d, struct str *s)
{
    if (!take_digits(&d->year, s, 4) || !take_char(s, '-') || !take_digits(&d->month, s, 2) ||
        !take_char(s, '-') || !take_digits(&d->day, s, 2))
        return false;
    return d->year >= 1 && d->year <= YEAR_MAX && d->month >= 1 && d->month <= 12 && d->day >= 1 &&
           d->day <= days_in_month(d->year, d->month);
}

static bool take_hour_minute(int64_t *us, struct str *s)
{
    int64_t hour;
    int64_t minute;
    if (!take_digits(&hour, s, 2) || !take_char(s, ':') || !take_digits(&minute, s, 2) ||
        hour > 23 || minute > 59)
        return false;
    *us = hour * TIME_HOUR + minute * TIME_MINUTE;
    return true;
}

/* ":SS" and up to six decimals behind it, or nothing. */
static bool take_seconds(int64_t *us, struct str *s)
{
    *us = 0;
    if (!take_char(s, ':'))
        return true;
    int64_t second;
    if (!take_digits(&second, s, 2) || second > 59)
        return false;
    *us = second * TIME_SECOND;
    if (!take_char(s, '.'))
        return true;
    const size_t n = count_digits(*s);
    int64_t fraction;
    if (n < 1 || n > 6 || !take_digits(&fraction, s, n))
        return false;
    for (size_t i = n; i < 6; i++)
        fraction *= 10;
    *us += fraction;
    return true;
}

/* "Z" or "+hh:mm" or "-hh:mm": what local time is ahead of UTC. */
static bool take_offset(int64_t *us, struct str *s)
{
    *us = 0;
    if (take_char(s, 'Z') || take_char(s, 'z'))
        return true;
    const bool behind = take_char(s, '-');
    if ((!behind && !take_char(s, '+')) || !take_hour_minute(us, s))
        return false;
    if (behind)
        *us = -*us;
    return true;
}

bool clock_read(int64_t *out_us, struct str s)
{
    struct date d;
    int64_t time;
    int64_t seconds;
    int64_t offset;
    if (!take_date(&d, &s) || !(take_char(&s, 'T') || take_char(&s, 't')) ||
        !take_hour_minute(&time, &s) || !take_seconds(&seconds, &s) || !take_offset(&offset, &s) ||
        s.n != 0)
        return false;
    const int64_t us = days_of_date(d) * TIME_DAY + time + seconds - offset;
    if (us < CLOCK_MIN_US || us > CLOCK_MAX_US)
        return false;
    *out_us = us;
    return true;
}

bool clock_date_valid(struct str s)
{
    struct date d;
    return take_date(&d, &s) && s.n == 0;
}

/* The part of a duration with the given designator, when it comes next; false on overflow. */
static bool take_part(int64_t *sum, struct str *s, char designator, int64_t unit_us, bool *any)
{
    const size_t n = count_digits(*s);
    if (n == 0 || n == s->n || s->p[n] != designator)
        return true;
    int64_t v;
    if (!take_digits(&v, s, n) || !take_char(s, designator))
        return false;
    *any = true;
    return !__builtin_mul_overflow(v, unit_us, &v) && !__builtin_add_overflow(*sum, v, sum);
}

bool clock_duration_read(int64_t *out_us, struct str s)
{
    int64_t sum = 0;
    bool any = false;
    if (!take_char(&s, 'P') || !take_part(&sum, &s, 'D', TIME_DAY, &any))
        return false;
    if (take_char(&s, 'T')) {
        any = false; /* something must follow the T */
        if (!take_part(&sum, &s, 'H', TIME_HOUR, &any) ||
            !take_part(&sum, &s, 'M', TIME_MINUTE, &any) ||
            !take_part(&sum, &s, 'S', TIME_SECOND, &any))
            return false;
    }
    if (!any || s.n != 0)
        return false;
    *out_us = sum;
    return true;
}
