//! The schedules, whose expressions AWS itself would refuse only when they are deployed.

use super::cloud::{resources, transformed};

#[test]
fn every_schedule_expression_parses_and_every_schedule_has_dead_letters() {
    let made = transformed();
    let schedules = resources(&made, "AWS::Scheduler::Schedule");
    assert_eq!(schedules.len(), 3);
    for (name, schedule) in schedules {
        let parameter = schedule["ScheduleExpression"]["Ref"].as_str().unwrap_or_else(|| panic!("{name}: a parameter"));
        let expression = made["Parameters"][parameter]["Default"].as_str().unwrap_or_default().to_owned();
        assert!(parses(&expression), "{name}: {expression}");
        assert!(!schedule["Target"]["DeadLetterConfig"]["Arn"].is_null(), "{name}");
    }
    for (wrong, why) in [
        ("rate(1 minutes)", "one takes the singular"),
        ("rate(0 hours)", "nothing in between"),
        ("every minute", "no form"),
        ("cron(0 * * * *)", "five fields"),
        ("cron(0 * * * * *)", "both days said"),
        ("cron(61 * * * ? *)", "no such minute"),
    ] {
        assert!(!parses(wrong), "{wrong}: {why}");
    }
    assert!(parses("rate(5 minutes)") && parses("cron(0/15 8-18 ? * MON-FRI *)"));
}

/// Whether EventBridge Scheduler would take an expression: `rate(n unit)` or six fields of cron, one of the two days `?`.
fn parses(expression: &str) -> bool {
    if let Some(inner) = expression.strip_prefix("rate(").and_then(|e| e.strip_suffix(')')) {
        let Some((number, unit)) = inner.split_once(' ') else { return false };
        return match number.parse::<u32>() {
            Ok(1) => ["minute", "hour", "day"].contains(&unit),
            Ok(n) if n > 1 => ["minutes", "hours", "days"].contains(&unit),
            _ => false,
        };
    }
    let Some(inner) = expression.strip_prefix("cron(").and_then(|e| e.strip_suffix(')')) else { return false };
    let fields: Vec<&str> = inner.split(' ').collect();
    let [minute, hour, day, month, weekday, year] = fields[..] else { return false };
    let numbers = |field: &str, from: u32, to: u32| {
        field.split(',').all(|part| {
            let (range, step) = part.split_once('/').map_or((part, None), |(r, s)| (r, Some(s)));
            let within = |n: &str| n.parse::<u32>().is_ok_and(|n| (from..=to).contains(&n));
            let range =
                range == "*" || range.split_once('-').map_or_else(|| within(range), |(a, b)| within(a) && within(b));
            range && step.is_none_or(|s| s.parse::<u32>().is_ok_and(|s| s > 0))
        })
    };
    let named = |field: &str| {
        let days = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
        field.split([',', '-']).all(|part| days.contains(&part)) || numbers(field, 1, 7)
    };
    let one_day = (day == "?") != (weekday == "?");
    let days = (day == "?" || numbers(day, 1, 31)) && (weekday == "?" || named(weekday));
    numbers(minute, 0, 59)
        && numbers(hour, 0, 23)
        && one_day
        && days
        && numbers(month, 1, 12)
        && numbers(year, 1970, 2199)
}
