//! Chile: Ley 2.977 and the laws named beside each day.

use super::{Holidays, monday_before, monday_on_or_after, shift};
use chrono::{Datelike, NaiveDate, Weekday};

pub(super) fn add(days: &mut Holidays) {
    for (month, day, name) in [
        (1, 1, "Año Nuevo"),
        (5, 1, "Día del Trabajo"),
        (5, 21, "Glorias Navales"),
        (7, 16, "Virgen del Carmen"),
        (8, 15, "Asunción"),
        (9, 18, "Independencia"),
        (9, 19, "Glorias del Ejército"),
        (11, 1, "Todos los Santos"),
        (12, 8, "Inmaculada Concepción"),
        (12, 25, "Navidad"),
    ] {
        days.fixed(month, day, name);
    }
    days.easter(-2, "Viernes Santo");
    days.easter(-1, "Sábado Santo");
    // Ley 19.668: these two go to the Monday of their week, or to the next one from a Friday.
    days.put(nearest_monday(days.day(6, 29)), "San Pedro y San Pablo");
    days.put(nearest_monday(days.day(10, 12)), "Encuentro de Dos Mundos");
    bridges(days);
    days.put(evangelical_churches(days.day(10, 31)), "Iglesias Evangélicas y Protestantes");
    if days.year >= 2021 {
        days.put(indigenous_peoples(days.year), "Pueblos Indígenas");
    }
    days.decreed(&[(2022, 9, 16)], "Feriado por ley"); // Ley 21.482
}

fn nearest_monday(date: NaiveDate) -> NaiveDate {
    match date.weekday() {
        Weekday::Tue | Weekday::Wed | Weekday::Thu => monday_before(date),
        Weekday::Fri => monday_on_or_after(date),
        _ => date,
    }
}

/// Ley 20.215 (17 September on a Monday, 20 on a Friday) and Ley 20.983 (2 January on a Monday, 17 September on a Friday).
fn bridges(days: &mut Holidays) {
    for (month, day, on) in [(1, 2, Weekday::Mon), (9, 17, Weekday::Mon), (9, 17, Weekday::Fri), (9, 20, Weekday::Fri)]
    {
        let date = days.day(month, day);
        if date.weekday() == on {
            days.put(date, "Feriado adicional");
        }
    }
}

/// Ley 20.299: from a Tuesday back to Friday, from a Wednesday on to Friday.
fn evangelical_churches(date: NaiveDate) -> NaiveDate {
    match date.weekday() {
        Weekday::Tue => shift(date, -4),
        Weekday::Wed => shift(date, 2),
        _ => date,
    }
}

/// Ley 21.357: the day of the winter solstice in Chile; its first year was set to 21 June.
fn indigenous_peoples(year: i32) -> NaiveDate {
    let day = if year == 2021 { 21 } else { june_solstice_day(year) };
    NaiveDate::from_ymd_opt(year, 6, day).unwrap_or(NaiveDate::MIN)
}

/// The day of June of the solstice at UTC−4 (Meeus, *Astronomical Algorithms*, ch. 27; within a minute for these years).
fn june_solstice_day(year: i32) -> u32 {
    const TERMS: [(f64, f64, f64); 24] = [
        (485.0, 324.96, 1934.136),
        (203.0, 337.23, 32964.467),
        (199.0, 342.08, 20.186),
        (182.0, 27.85, 445267.112),
        (156.0, 73.14, 45036.886),
        (136.0, 171.52, 22518.443),
        (77.0, 222.54, 65928.934),
        (74.0, 296.72, 3034.906),
        (70.0, 243.58, 9037.513),
        (58.0, 119.81, 33718.147),
        (52.0, 297.17, 150.678),
        (50.0, 21.02, 2281.226),
        (45.0, 247.54, 29929.562),
        (44.0, 325.15, 31555.956),
        (29.0, 60.93, 4443.417),
        (18.0, 155.12, 67555.328),
        (17.0, 288.79, 4562.452),
        (16.0, 198.04, 62894.029),
        (14.0, 199.76, 31436.921),
        (12.0, 95.39, 14577.848),
        (12.0, 287.11, 31931.756),
        (12.0, 320.81, 34777.259),
        (9.0, 227.73, 1222.114),
        (8.0, 15.45, 16859.074),
    ];
    let y = (f64::from(year) - 2000.0) / 1000.0;
    let mean = 2_451_716.567_67 + 365_241.626_03 * y + 0.003_25 * y * y + 0.008_88 * y.powi(3) - 0.000_30 * y.powi(4);
    let t = (mean - 2_451_545.0) / 36_525.0;
    let w = (35_999.373 * t - 2.47).to_radians();
    let lambda = 1.0 + 0.0334 * w.cos() + 0.0007 * (2.0 * w).cos();
    let sum: f64 = TERMS.iter().map(|(a, b, c)| a * (b + c * t).to_radians().cos()).sum();
    // About 70 seconds from dynamical to universal time; longer than that no solstice here comes near local midnight.
    let instant = mean + 0.000_01 * sum / lambda - 70.0 / 86_400.0 - 4.0 / 24.0;
    let midnight = f64::from(june_first_julian(year)) - 0.5;
    ((instant - midnight).floor() as u32) + 1
}

/// The Julian day number of 1 June.
fn june_first_julian(year: i32) -> i32 {
    NaiveDate::from_ymd_opt(year, 6, 1).map_or(0, |d| d.num_days_from_ce() + 1_721_425)
}
