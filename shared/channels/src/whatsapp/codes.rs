//! Error codes of the Cloud API, by Meta's *Error codes* page. The code alone decides: the HTTP status of one code has
//! changed over the years.

use cauce_domain::contact::disposition::Disposition;

/// What a code means.
pub fn disposition(code: i64, subcode: Option<i64>) -> Disposition {
    use Disposition::*;
    match code {
        // Not a parameter but the number or the permission on it is missing.
        100 if subcode == Some(33) => StopAccount,
        0 | 3 | 10 | 33 | 190 | 200..=299 | 368 => StopAccount,
        130_497 | 131_005 | 131_031 | 131_037 | 131_042 | 131_045 | 131_048 | 131_064 | 133_010 => StopAccount,
        1 => Ambiguous,
        2 | 4 | 80_007 | 130_429 | 131_000 | 131_016 | 131_056 | 131_057 | 132_069 | 133_004 | 133_016 | 2_494_100 => {
            Retry
        }
        130_472 | 131_049 => RetryAfter24h,
        130_403 | 131_021 | 131_026 | 131_030 | 131_062 | 137_000 => DeadRecipient,
        131_047 => UseTemplate,
        131_050 => OptOutMarketing,
        100 | 131_008 | 131_009 | 131_051 | 131_052 | 131_053 | 131_063 | 135_000 => FixRequest,
        132_000 | 132_001 | 132_005 | 132_007 | 132_008 | 132_012 | 132_015 | 132_016 | 132_018 | 132_068 => FixRequest,
        _ => Unknown,
    }
}

/// Codes that say nothing by themselves: of two, the other one decides.
pub(super) fn is_generic(code: i64) -> bool {
    matches!(code, 1 | 2 | 131_000)
}

/// Seconds before the next try, at least; `tries` are those made.
pub fn wait(code: i64, tries: u32) -> u64 {
    match code {
        4 => 60,
        130_429 => 3,
        // Counted over a day of what people blocked and reported.
        131_048 => 24 * 3600,
        131_056 => 4_u64.saturating_pow(tries.min(8)),
        131_057 => 20,
        132_069 => 3600,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_metas_table_has_its_meaning() {
        use Disposition::*;
        for (codes, meaning) in [
            (&[0, 3, 10, 33, 190, 200, 299, 368][..], StopAccount),
            (&[130_497, 131_005, 131_031, 131_037, 131_042, 131_045, 131_048, 131_064, 133_010], StopAccount),
            (&[1], Ambiguous),
            (&[2, 4, 80_007, 130_429, 131_000, 131_016, 131_056, 131_057, 132_069], Retry),
            (&[133_004, 133_016, 2_494_100], Retry),
            (&[130_472, 131_049], RetryAfter24h),
            (&[130_403, 131_021, 131_026, 131_030, 131_062, 137_000], DeadRecipient),
            (&[131_047], UseTemplate),
            (&[131_050], OptOutMarketing),
            (&[100, 131_008, 131_009, 131_051, 131_052, 131_053, 131_063, 135_000], FixRequest),
            (&[132_000, 132_001, 132_005, 132_007, 132_008, 132_012, 132_015, 132_016, 132_018, 132_068], FixRequest),
            (&[-1, 5, 131_099, 999_999], Unknown),
        ] {
            for code in codes {
                assert_eq!(disposition(*code, None), meaning, "{code}");
            }
        }
        assert_eq!(disposition(100, Some(33)), StopAccount, "the number itself is gone");
    }

    #[test]
    fn a_pair_is_asked_ever_more_slowly() {
        assert_eq!([0, 1, 2, 3].map(|tries| wait(131_056, tries)), [1, 4, 16, 64]);
        assert_eq!((wait(131_057, 0), wait(132_069, 3), wait(131_056, u32::MAX)), (20, 3600, 65_536));
    }
}
