//! Twilio's error codes, of answers, of statuses that come later, and of calls.

use cauce_domain::contact::disposition::Disposition;

/// What a code means.
pub fn disposition(code: i64) -> Disposition {
    use Disposition::*;
    match code {
        20_003 | 20_404 | 21_212 | 21_603 | 21_606 | 21_408 | 21_608 | 30_002 | 30_034 => StopAccount,
        21_210 | 21_215 | 21_216 | 13_225 | 13_227 => StopAccount,
        10_004 | 20_429 | 21_611 | 30_001 | 63_017 | 63_018 => Retry,
        20_500..=20_599 => Ambiguous,
        21_211 | 21_612 | 21_614 | 21_635 | 30_004 | 30_005 | 30_006 | 21_214 | 21_217 | 13_224 => DeadRecipient,
        21_610 => OptOut,
        21_617 => FixRequest,
        30_003 => RetryLimited,
        30_007 => ContentFiltered,
        30_008 => RetryOnce,
        63_016 => UseTemplate,
        _ => Unknown,
    }
}

/// Seconds before the next try, at least.
pub fn wait(code: i64) -> u64 {
    match code {
        21_611 => 600,
        30_003 => 4 * 3600,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_twilios_table_has_its_meaning() {
        use Disposition::*;
        for (codes, meaning) in [
            (&[20_003, 20_404, 21_212, 21_603, 21_606, 21_408, 21_608, 30_002, 30_034][..], StopAccount),
            (&[21_210, 21_215, 21_216, 13_225, 13_227], StopAccount),
            (&[10_004, 20_429, 21_611, 30_001, 63_017, 63_018], Retry),
            (&[20_500, 20_503], Ambiguous),
            (&[21_211, 21_612, 21_614, 21_635, 30_004, 30_005, 30_006, 21_214, 21_217, 13_224], DeadRecipient),
            (&[21_610], OptOut),
            (&[21_617], FixRequest),
            (&[30_003], RetryLimited),
            (&[30_007], ContentFiltered),
            (&[30_008], RetryOnce),
            (&[63_016], UseTemplate),
            (&[0, 12_345], Unknown),
        ] {
            for code in codes {
                assert_eq!(disposition(*code), meaning, "{code}");
            }
        }
    }
}
