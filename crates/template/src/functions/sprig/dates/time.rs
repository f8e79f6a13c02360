//! Go's `time.Time`: a moment and the zone it is shown in.

use super::duration::{Duration, SECOND};
use super::zone::Zone;

/// A moment in a zone.
#[derive(Clone, Debug)]
pub(super) struct Time {
    /// Seconds since 1970.
    pub(super) unix: i64,
    /// 0 to 999,999,999.
    pub(super) nanoseconds: i64,
    /// Where it is shown.
    pub(super) zone: Zone,
}

/// A day and a time of the day as clocks show it, with what is computed from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Civil {
    pub(super) year: i64,
    pub(super) month: i64,
    pub(super) day: i64,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
    /// From 1.
    pub(super) day_of_year: i64,
    /// From Sunday, 0.
    pub(super) weekday: i64,
}

const SECONDS_PER_DAY: i64 = 86_400;

/// The first second of the year 1.
const ZERO: i64 = -62_135_596_800;

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(super) const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

pub(super) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The number of days of a month, 1 to 12.
pub(super) fn days_in(month: i64, year: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The day since 1970-01-01 of a date of the Gregorian calendar; months and days may be out of range.
fn day_number(year: i64, month: i64, day: i64) -> i128 {
    let months = i128::from(year) * 12 + i128::from(month) - 1;
    // Years begin in March here, so that the leap day is the last.
    let shifted = months - 2;
    let (year, month) = (shifted.div_euclid(12), shifted.rem_euclid(12));
    let day_of_year = (153 * month + 2) / 5;
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468 + i128::from(day) - 1
}

impl Civil {
    /// What a clock shows that many seconds after 1970.
    fn of_seconds(seconds: i64) -> Self {
        let (days, clock) = (seconds.div_euclid(SECONDS_PER_DAY), seconds.rem_euclid(SECONDS_PER_DAY));
        let shifted = days + 719_468;
        let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_march_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * day_of_march_year + 2) / 153;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        let year = era * 400 + year_of_era + i64::from(month <= 2);
        let day = day_of_march_year - (153 * march_month + 2) / 5 + 1;
        let day_of_year = (1..month).map(|month| days_in(month, year)).sum::<i64>() + day;
        Self {
            year,
            month,
            day,
            hour: clock / 3_600,
            minute: clock / 60 % 60,
            second: clock % 60,
            day_of_year,
            weekday: (days + 4).rem_euclid(7),
        }
    }

    /// The English name of the month.
    pub(super) fn month_name(&self) -> &'static str {
        usize::try_from(self.month - 1).ok().and_then(|month| MONTHS.get(month)).unwrap_or(&"")
    }

    /// The English name of the day of the week.
    pub(super) fn weekday_name(&self) -> &'static str {
        usize::try_from(self.weekday).ok().and_then(|day| WEEKDAYS.get(day)).unwrap_or(&"")
    }
}

impl Time {
    /// A Unix time, shown in local time.
    pub(super) fn of_unix(unix: i64) -> Self {
        Self { unix, nanoseconds: 0, zone: Zone::Local }
    }

    /// The zero time: the first second of the year 1.
    pub(super) fn zero() -> Self {
        Self { unix: ZERO, nanoseconds: 0, zone: Zone::Utc }
    }

    /// The moment when clocks in a zone show a date and time. What is out of range carries over (February 30 is March
    /// 1 or 2), and a time that clocks skip is moved as `time.Date` moves it.
    pub(super) fn of_civil(date: [i64; 3], clock: [i64; 3], nanoseconds: i64, zone: Zone) -> Self {
        let [year, month, day] = date;
        let [hour, minute, second] = clock.map(i128::from);
        let seconds = day_number(year, month, day) * i128::from(SECONDS_PER_DAY)
            + hour * 3_600
            + minute * 60
            + second
            + i128::from(nanoseconds.div_euclid(SECOND));
        #[expect(clippy::cast_possible_truncation, reason = "Go's arithmetic wraps")]
        let shown = seconds as i64;
        let offset = zone.look(shown).offset;
        let offset = if offset == 0 { 0 } else { zone.look(shown.wrapping_sub(offset)).offset };
        Self { unix: shown.wrapping_sub(offset), nanoseconds: nanoseconds.rem_euclid(SECOND), zone }
    }

    /// What clocks show.
    pub(super) fn civil(&self) -> Civil {
        Civil::of_seconds(self.unix.wrapping_add(self.zone.look(self.unix).offset))
    }

    /// Is it the zero time?
    pub(super) fn is_zero(&self) -> bool {
        self.unix == ZERO && self.nanoseconds == 0
    }

    /// The same moment in another zone.
    pub(super) fn in_zone(&self, zone: Zone) -> Self {
        Self { zone, ..*self }
    }

    /// Nanoseconds since 1970, exactly.
    pub(super) fn total(&self) -> i128 {
        i128::from(self.unix) * i128::from(SECOND) + i128::from(self.nanoseconds)
    }

    /// Later by a duration.
    pub(super) fn add(&self, duration: Duration) -> Self {
        let nanoseconds = self.nanoseconds + duration.0 % SECOND;
        let seconds = duration.0 / SECOND + nanoseconds.div_euclid(SECOND);
        Self {
            unix: self.unix.wrapping_add(seconds),
            nanoseconds: nanoseconds.rem_euclid(SECOND),
            zone: self.zone.clone(),
        }
    }

    /// Later by years, months and days of the calendar.
    pub(super) fn add_date(&self, years: i64, months: i64, days: i64) -> Self {
        let civil = self.civil();
        let date =
            [civil.year.wrapping_add(years), civil.month.wrapping_add(months), civil.day.wrapping_add(days)];
        let clock = [civil.hour, civil.minute, civil.second];
        Self::of_civil(date, clock, self.nanoseconds, self.zone.clone())
    }

    /// The time from another moment to this one; stops at the limits.
    pub(super) fn since(&self, other: &Self) -> Duration {
        let difference = self.total() - other.total();
        let limit = if difference < 0 { i64::MIN } else { i64::MAX };
        Duration(i64::try_from(difference).unwrap_or(limit))
    }

    /// How far it is behind the last multiple of a duration since the year 1.
    pub(super) fn remainder(&self, step: Duration) -> i64 {
        let since_zero = self.total() - i128::from(ZERO) * i128::from(SECOND);
        i64::try_from(since_zero.rem_euclid(i128::from(step.0))).unwrap_or(0)
    }

    /// Down to a multiple of a duration.
    pub(super) fn truncate(&self, step: Duration) -> Self {
        if step.0 <= 0 { self.clone() } else { self.add(Duration(-self.remainder(step))) }
    }

    /// To the nearest multiple of a duration, halves up.
    pub(super) fn round(&self, step: Duration) -> Self {
        if step.0 <= 0 {
            return self.clone();
        }
        let remainder = self.remainder(step);
        let change = if remainder < step.0 - remainder { -remainder } else { step.0 - remainder };
        self.add(Duration(change))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_day_numbers_agree() {
        for year in [-1, 0, 1, 1600, 1900, 1969, 1970, 2000, 2023, 2024, 9999, 100_000] {
            for month in 1..=12 {
                for day in [1, days_in(month, year)] {
                    let time = Time::of_civil([year, month, day], [23, 59, 58], 0, Zone::Utc);
                    let civil = time.civil();
                    assert_eq!((civil.year, civil.month, civil.day), (year, month, day));
                    assert_eq!((civil.hour, civil.minute, civil.second), (23, 59, 58));
                }
            }
        }
        assert_eq!(Time::zero().civil().year, 1);
        assert_eq!(Time::of_unix(0).civil().weekday_name(), "Thursday");
    }

    #[test]
    fn what_is_out_of_range_carries_over() {
        let time = Time::of_civil([2020, 1, 31], [0; 3], 0, Zone::Utc).add_date(0, 1, 0).civil();
        assert_eq!((time.year, time.month, time.day), (2020, 3, 2));
        let time = Time::of_civil([2020, 1, 1], [0; 3], 0, Zone::Utc).add_date(0, -1, -1).civil();
        assert_eq!((time.year, time.month, time.day), (2019, 11, 30));
    }
}
