//! Messages and calls as Twilio's API takes them: forms.

use chrono::{DateTime, Utc};

/// The longest an SMS may wait at Twilio, in seconds: what is sent today must not arrive at night.
const LONGEST_WAIT: i64 = 14_400;

/// What an SMS leaves from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From<'a> {
    /// A number, short code or name.
    Number(&'a str),
    /// A messaging service, which chooses one.
    Service(&'a str),
}

/// An SMS as it is posted, told back at `callback`, worth nothing after `closes`; `None` when that has passed.
pub fn sms(
    from: From<'_>,
    to: &str,
    body: &str,
    callback: &str,
    now: DateTime<Utc>,
    closes: DateTime<Utc>,
) -> Option<String> {
    let wait = (closes - now).num_seconds().min(LONGEST_WAIT);
    if wait < 1 {
        return None;
    }
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("To", to);
    match from {
        From::Number(number) => form.append_pair("From", number),
        From::Service(service) => form.append_pair("MessagingServiceSid", service),
    };
    // Tried again by Twilio when it cannot reach us: a report that is lost comes back in no other way before the night.
    form.append_pair("Body", body).append_pair("StatusCallback", &format!("{callback}#rc=3&rp=5xx,ct,rt"));
    form.append_pair("ValidityPeriod", &wait.to_string());
    Some(form.finish())
}

/// A call to the adviser, who is then joined with the customer.
pub struct Call<'a> {
    /// The adviser's telephone.
    pub adviser: &'a str,
    /// Our number, which both see.
    pub from: &'a str,
    /// The customer's telephone.
    pub customer: &'a str,
    /// Where each leg's states are told; carries our opaque id and nothing of the customer.
    pub callback: &'a str,
    /// Where the end of dialling the customer is told.
    pub action: &'a str,
}

/// A call as it is posted.
pub fn call(call: &Call<'_>) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("To", call.adviser).append_pair("From", call.from).append_pair("Twiml", &joining(call));
    form.append_pair("StatusCallback", call.callback).append_pair("StatusCallbackMethod", "POST");
    for event in ["initiated", "ringing", "answered", "completed"] {
        form.append_pair("StatusCallbackEvent", event);
    }
    form.append_pair("Timeout", "25").append_pair("TimeLimit", "3600").finish()
}

/// What the adviser's leg does once answered.
fn joining(call: &Call<'_>) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Dial callerId=\"{}\" answerOnBridge=\"true\" timeout=\"30\" \
         action=\"{}\"><Number statusCallbackEvent=\"initiated ringing answered completed\" statusCallback=\"{}\">{}\
         </Number></Dial></Response>",
        escaped(call.from),
        escaped(call.action),
        escaped(call.callback),
        escaped(call.customer)
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    fn fields(form: &str) -> Vec<(String, String)> {
        form_urlencoded::parse(form.as_bytes()).into_owned().collect()
    }

    #[test]
    fn an_sms_is_worth_nothing_after_the_day_closes() {
        let ask = |closes: &str| {
            let now = at("2026-03-10T20:00:00Z");
            sms(From::Service("MG1"), "+51987654321", "Hola ñ & más", "https://h/s", now, at(closes))
        };
        let all = fields(&ask("2026-03-10T21:00:00Z").expect("a form"));
        let field = |name: &str| all.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        assert_eq!(field("To"), Some("+51987654321"));
        assert_eq!(field("Body"), Some("Hola ñ & más"));
        assert_eq!((field("MessagingServiceSid"), field("From")), (Some("MG1"), None));
        assert_eq!(field("ValidityPeriod"), Some("3600"));
        assert!(ask("2026-03-11T20:00:00Z").is_some_and(|form| form.contains("ValidityPeriod=14400")));
        assert_eq!(ask("2026-03-10T20:00:00Z"), None);
    }

    #[test]
    fn the_adviser_is_called_first_and_the_customer_by_what_they_hear() {
        let call = call(&Call {
            adviser: "+51900000001",
            from: "+5116000000",
            customer: "+51987654321",
            callback: "https://h/c?a=1&b=2",
            action: "https://h/d",
        });
        let all = fields(&call);
        assert!(all.contains(&("To".into(), "+51900000001".into())));
        assert_eq!(all.iter().filter(|(name, _)| name == "StatusCallbackEvent").count(), 4);
        let twiml = all.iter().find(|(name, _)| name == "Twiml").map(|(_, value)| value.clone()).expect("it");
        assert!(twiml.contains("statusCallback=\"https://h/c?a=1&amp;b=2\">+51987654321</Number>"), "{twiml}");
    }
}
