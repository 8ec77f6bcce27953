//! SES's errors, by their type and, where one type means several things, by what they say.

use cauce_domain::contact::disposition::Disposition;

/// What an error means. `kind` is its type as it came: the part before a colon, the part after a hash.
pub fn disposition(kind: &str, status: u16, message: &str) -> Disposition {
    use Disposition::*;
    let kind = kind.split(':').next().unwrap_or(kind);
    let kind = kind.rsplit('#').next().unwrap_or(kind);
    let says = |words: &str| message.to_lowercase().contains(words);
    match kind {
        "TooManyRequestsException" => Retry,
        "ThrottlingException" | "Throttling" if says("daily") => StopAccount,
        "ThrottlingException" | "Throttling" => Retry,
        "AccountSuspendedException" | "SendingPausedException" | "MailFromDomainNotVerifiedException" => StopAccount,
        "NotFoundException" | "AccessDeniedException" => StopAccount,
        "MessageRejected" if says("not verified") => StopAccount,
        "MessageRejected" | "BadRequestException" | "LimitExceededException" => FixRequest,
        _ if status >= 500 => Ambiguous,
        _ => Unknown,
    }
}

/// Seconds before the next try, at least: the day's quota frees by the hour.
pub fn wait(message: &str) -> u64 {
    if message.to_lowercase().contains("daily") { 3600 } else { 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_of_sess_table_has_its_meaning() {
        use Disposition::*;
        for (kind, status, message, meaning) in [
            ("TooManyRequestsException:", 429, "Too many requests", Retry),
            ("ThrottlingException", 400, "Maximum sending rate exceeded.", Retry),
            ("ThrottlingException", 400, "Daily message quota exceeded.", StopAccount),
            ("AccountSuspendedException", 400, "", StopAccount),
            ("SendingPausedException", 400, "", StopAccount),
            ("MailFromDomainNotVerifiedException:http://x", 400, "", StopAccount),
            ("MessageRejected", 400, "Email address is not verified. The following…", StopAccount),
            ("MessageRejected", 400, "Illegal header", FixRequest),
            ("com.amazonaws.sesv2#BadRequestException", 400, "Invalid email address.", FixRequest),
            ("LimitExceededException", 400, "", FixRequest),
            ("NotFoundException", 404, "", StopAccount),
            ("InternalFailure", 500, "", Ambiguous),
            ("ServiceUnavailable", 503, "", Ambiguous),
            ("Otra", 400, "", Unknown),
        ] {
            assert_eq!(disposition(kind, status, message), meaning, "{kind} {message}");
        }
        assert_eq!((wait("Daily message quota exceeded."), wait("")), (3600, 2));
    }
}
