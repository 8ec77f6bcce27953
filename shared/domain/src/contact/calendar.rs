//! When a debtor may be contacted: the one answer to *may I at T?* and *what is the next allowed moment?*
//!
//! Whatever picks a moment — plan, send, test of a date — asks this module. Local times that a clock change skips open
//! at the first instant after the gap; local times it repeats are read as the earlier of the two.

use crate::contact::holidays;
use crate::country::Country;
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// How far ahead an allowed moment is looked for, in days; a project that closes longer than this contacts nobody.
const HORIZON: u64 = 60;

/// A span of local time, start included and end excluded; an end at or before its start runs past midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// First minute allowed.
    pub from: NaiveTime,
    /// First minute no longer allowed.
    pub to: NaiveTime,
}

impl Window {
    /// A window between full hours; 24 is the end of the day.
    pub fn hours(from: u32, to: u32) -> Self {
        let at = |h: u32| NaiveTime::from_hms_opt(h % 24, 0, 0).unwrap_or(NaiveTime::MIN);
        Self { from: at(from), to: at(to) }
    }

    fn on(self, day: NaiveDate) -> (NaiveDateTime, NaiveDateTime) {
        let end = if self.to <= self.from { next(day) } else { day };
        (day.and_time(self.from), end.and_time(self.to))
    }
}

/// Windows for each weekday, Monday first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Weekly(pub [Vec<Window>; 7]);

impl Weekly {
    /// What the law of a country leaves open.
    pub fn legal(country: Country) -> Self {
        let day = |n: u8| Weekday::try_from(n).ok().and_then(|day| country.legal_window(day));
        Self([0, 1, 2, 3, 4, 5, 6].map(|n| day(n).into_iter().collect()))
    }

    fn of(&self, day: NaiveDate) -> &[Window] {
        &self.0[day.weekday().num_days_from_monday() as usize]
    }
}

/// Why a moment is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closed {
    /// The day is open, the hour is not.
    Hours,
    /// The whole day is closed: weekend, holiday or a date of the project.
    Day,
}

/// The contact calendar of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// Zone of every local time here.
    pub zone: Tz,
    /// Country whose holidays count.
    pub country: Country,
    /// The project's windows; the country's legal windows bound them.
    pub windows: Weekly,
    /// Saturdays and Sundays are closed.
    pub restrict_weekends: bool,
    /// Holidays are closed.
    pub restrict_holidays: bool,
    /// Dates of the project's own: `true` closes the day, `false` opens a holiday or weekend the law leaves open.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dates: BTreeMap<NaiveDate, bool>,
}

impl Calendar {
    /// The calendar a new project of the country starts with: its legal windows, weekends and holidays closed.
    pub fn of(country: Country) -> Self {
        Self {
            zone: country.zone(),
            country,
            windows: Weekly::legal(country),
            restrict_weekends: true,
            restrict_holidays: true,
            dates: BTreeMap::new(),
        }
    }

    /// What the law alone leaves open, whatever the project keeps itself to: no limit of its own on days or hours.
    pub fn law(&self) -> Self {
        let windows = Weekly::legal(self.country);
        Self { windows, restrict_weekends: false, restrict_holidays: true, dates: BTreeMap::new(), ..self.clone() }
    }

    /// The calendar as somebody in another zone lives it: the same days, hours and holidays on that zone's clock.
    /// Mexico's law counts the hours where the debtor is (Disposiciones de despachos de cobranza, DOF 7-10-2014).
    pub fn lived_in(&self, zone: Option<Tz>) -> Cow<'_, Self> {
        match zone {
            Some(zone) if zone != self.zone => Cow::Owned(Self { zone, ..self.clone() }),
            _ => Cow::Borrowed(self),
        }
    }

    /// The local day of an instant.
    pub fn local_day(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.zone).date_naive()
    }

    /// The instant of a local time.
    pub fn instant(&self, local: NaiveDateTime) -> DateTime<Utc> {
        let mut local = local;
        // A gap is at most a few hours long; half-hour steps end at its far side.
        for _ in 0..12 {
            if let Some(found) = self.zone.from_local_datetime(&local).earliest() {
                return found.with_timezone(&Utc);
            }
            local += TimeDelta::minutes(30);
        }
        Utc.from_utc_datetime(&local)
    }

    /// The instant at which a local day begins.
    pub fn midnight(&self, day: NaiveDate) -> DateTime<Utc> {
        self.instant(day.and_time(NaiveTime::MIN))
    }

    /// Whether the name of a holiday stands on the day.
    pub fn holiday(&self, day: NaiveDate) -> Option<&'static str> {
        holidays::on(self.country, day)
    }

    /// Whether contact may happen at all on a local day.
    pub fn allows_day(&self, day: NaiveDate) -> bool {
        if self.spans(day).is_empty() {
            return false;
        }
        match self.dates.get(&day) {
            Some(closed) => !closed,
            None => {
                let weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
                !(self.restrict_weekends && weekend || self.restrict_holidays && self.holiday(day).is_some())
            }
        }
    }

    /// Why contact may not happen at all on a local day, in Spanish; nothing when it may.
    pub fn why_closed(&self, day: NaiveDate) -> Option<String> {
        if self.allows_day(day) {
            return None;
        }
        Some(match (self.dates.get(&day), self.holiday(day)) {
            (Some(true), _) => "fecha restringida por el proyecto".to_owned(),
            (_, Some(name)) => format!("feriado: {name}"),
            _ if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) => "fin de semana".to_owned(),
            _ => "el horario del proyecto no abre ese día".to_owned(),
        })
    }

    /// Whether people work on a local day: no weekend, no holiday, none of the project's closed dates. What a project lets
    /// itself send on is another matter.
    pub fn is_working_day(&self, day: NaiveDate) -> bool {
        match self.dates.get(&day) {
            Some(closed) => !closed,
            None => !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && self.holiday(day).is_none(),
        }
    }

    /// The local day so many working days after a day; the day itself after none.
    pub fn working_days_after(&self, day: NaiveDate, count: u8) -> NaiveDate {
        let later = (1..HORIZON).filter_map(|n| day.checked_add_days(Days::new(n)));
        let found = later.filter(|d| self.is_working_day(*d)).nth(usize::from(count).wrapping_sub(1));
        found.unwrap_or(day)
    }

    /// The first allowed day from the given one on, itself included.
    pub fn next_allowed_day(&self, from: NaiveDate) -> Option<NaiveDate> {
        (0..HORIZON).filter_map(|n| from.checked_add_days(Days::new(n))).find(|d| self.allows_day(*d))
    }

    /// Says whether contact may happen at an instant, or why not.
    pub fn check(&self, at: DateTime<Utc>) -> Result<(), Closed> {
        let local = at.with_timezone(&self.zone).naive_local();
        let today = local.date();
        let inside = |day: NaiveDate| {
            self.allows_day(day) && self.spans(day).iter().any(|(from, to)| (*from..*to).contains(&local))
        };
        match (inside(today) || inside(previous(today)), self.allows_day(today)) {
            (true, _) => Ok(()),
            (false, true) => Err(Closed::Hours),
            (false, false) => Err(Closed::Day),
        }
    }

    /// The first allowed instant from the given one on, itself included.
    pub fn next_allowed(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.check(at).is_ok() {
            return Some(at);
        }
        let day = self.local_day(at);
        (0..HORIZON)
            .filter_map(|n| day.checked_add_days(Days::new(n)))
            .filter(|d| self.allows_day(*d))
            .flat_map(|d| self.spans(d))
            .map(|(from, _)| self.instant(from))
            .find(|from| *from >= at)
    }

    /// The last allowed instant of the local day, if any is left from `at` on: sends that are late end by it.
    pub fn close_of_day(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let day = self.local_day(at);
        let ends = self.spans(day).into_iter().map(|(_, to)| to.min(next(day).and_time(NaiveTime::MIN)));
        ends.max().map(|end| self.instant(end)).filter(|end| *end > at && self.allows_day(day))
    }

    /// The project's windows of a day, cut to what the law allows.
    fn spans(&self, day: NaiveDate) -> Vec<(NaiveDateTime, NaiveDateTime)> {
        let Some((low, high)) = self.country.legal_window(day.weekday()).map(|w| w.on(day)) else { return Vec::new() };
        let windows = self.windows.of(day).iter().map(|w| w.on(day));
        let mut spans: Vec<_> =
            windows.map(|(from, to)| (from.max(low), to.min(high))).filter(|(from, to)| from < to).collect();
        spans.sort();
        spans
    }
}

fn next(day: NaiveDate) -> NaiveDate {
    day.succ_opt().unwrap_or(day)
}
fn previous(day: NaiveDate) -> NaiveDate {
    day.pred_opt().unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }
    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn working_days_pass_over_weekends_and_holidays() {
        let lima = Calendar::of(Country::Pe);
        for (from, count, expected) in [
            ("2026-03-13", 0, "2026-03-13"),
            ("2026-03-14", 0, "2026-03-14"),
            ("2026-03-13", 1, "2026-03-16"),
            ("2026-04-01", 1, "2026-04-06"),
            ("2026-03-13", 5, "2026-03-20"),
        ] {
            assert_eq!(lima.working_days_after(day(from), count), day(expected), "{from} + {count}");
        }
    }

    #[test]
    fn peru_is_open_on_working_days_from_seven_to_eight() {
        let lima = Calendar::of(Country::Pe);
        assert_eq!(lima.check(utc("2026-03-10T12:00:00Z")), Ok(()), "07:00 in Lima");
        assert_eq!(lima.check(utc("2026-03-10T11:59:59Z")), Err(Closed::Hours));
        assert_eq!(lima.check(utc("2026-03-11T01:00:00Z")), Err(Closed::Hours), "20:00 in Lima");
        assert_eq!(lima.check(utc("2026-03-14T15:00:00Z")), Err(Closed::Day), "Saturday");
        assert_eq!(lima.check(utc("2026-04-03T15:00:00Z")), Err(Closed::Day), "Good Friday");
        assert_eq!(
            lima.next_allowed(utc("2026-04-02T15:00:00Z")),
            Some(utc("2026-04-06T12:00:00Z")),
            "after Holy Week"
        );
        assert_eq!(lima.next_allowed_day(day("2026-12-25")), Some(day("2026-12-28")));
    }

    #[test]
    fn a_project_narrows_the_law_and_never_widens_it() {
        let mut lima = Calendar::of(Country::Pe);
        lima.windows.0[0] = vec![Window::hours(0, 24)];
        lima.windows.0[6] = vec![Window::hours(0, 24)];
        lima.restrict_weekends = false;
        assert_eq!(lima.check(utc("2026-03-09T06:00:00Z")), Err(Closed::Hours), "01:00 on Monday");
        assert_eq!(lima.check(utc("2026-03-15T15:00:00Z")), Err(Closed::Day), "Sunday stays closed");
        lima.dates.insert(day("2026-03-15"), false);
        assert_eq!(lima.check(utc("2026-03-15T15:00:00Z")), Err(Closed::Day), "whatever the project says");
    }

    #[test]
    fn saturday_opens_where_law_and_project_open_it() {
        let mut bogota = Calendar::of(Country::Co);
        assert!(!bogota.allows_day(day("2026-03-14")));
        bogota.restrict_weekends = false;
        assert_eq!(bogota.check(utc("2026-03-14T13:00:00Z")), Ok(()), "08:00 on Saturday");
        assert_eq!(bogota.check(utc("2026-03-14T20:00:00Z")), Err(Closed::Hours), "15:00 on Saturday");
        assert!(!bogota.allows_day(day("2026-03-15")), "Sunday has no window");
    }

    #[test]
    fn an_overnight_window_belongs_to_the_day_it_starts_on() {
        let (from, to) =
            Window { from: "22:00:00".parse().expect("t"), to: "02:00:00".parse().expect("t") }.on(day("2026-03-10"));
        assert_eq!((from.to_string(), to.to_string()), ("2026-03-10 22:00:00".into(), "2026-03-11 02:00:00".into()));
    }

    #[test]
    fn clock_changes_skip_and_repeat_hours_without_harm() {
        let santiago = Calendar::of(Country::Cl);
        // On 6 September 2026 midnight does not exist in Santiago; on 4 April 2026 23:00–24:00 happens twice.
        assert_eq!(santiago.midnight(day("2026-09-06")), utc("2026-09-06T04:00:00Z"));
        assert_eq!(santiago.instant(day("2026-04-04").and_hms_opt(23, 30, 0).expect("t")), utc("2026-04-05T02:30:00Z"));
        assert_eq!(santiago.local_day(utc("2026-09-06T03:59:59Z")), day("2026-09-05"));
        assert_eq!(Calendar::of(Country::Mx).midnight(day("2028-02-29")), utc("2028-02-29T06:00:00Z"), "a leap day");
    }

    #[test]
    fn late_sends_end_with_the_day() {
        let lima = Calendar::of(Country::Pe);
        assert_eq!(lima.close_of_day(utc("2026-03-10T15:00:00Z")), Some(utc("2026-03-11T01:00:00Z")));
        assert_eq!(lima.close_of_day(utc("2026-03-11T01:00:00Z")), None);
        assert_eq!(lima.close_of_day(utc("2026-03-14T15:00:00Z")), None, "Saturday");
    }

    proptest! {
        #[test]
        fn the_next_allowed_moment_is_allowed_and_not_before(country in 0..6_usize, minutes in 0..(80_i64 * 365 * 24 * 60)) {
            let calendar = Calendar::of(Country::ALL[country]);
            let at = utc("2020-01-01T00:00:00Z") + TimeDelta::minutes(minutes);
            let next = calendar.next_allowed(at).expect("a moment");
            prop_assert!(next >= at);
            prop_assert_eq!(calendar.check(next), Ok(()));
            prop_assert!(calendar.check(at).is_err() || next == at);
        }
    }
}
