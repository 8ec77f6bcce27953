//! What messages cost: prices by country, channel and category, each from a day on.

use crate::contact::channel::Channel;
use crate::contact::sms::measure;
use crate::country::Country;
use crate::debt::money::Currency;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// A price, from a day on until the next of its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// Channel.
    pub channel: Channel,
    /// The provider's category, such as `UTILITY`; none for any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The country written to; none for any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<Country>,
    /// Currency.
    pub currency: Currency,
    /// Millionths of the currency's unit: of a message, of a segment of SMS.
    pub micros: i64,
    /// First local day it holds.
    pub from: NaiveDate,
}

/// What a message cost, or is thought to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Currency.
    pub currency: Currency,
    /// Millionths of its unit.
    pub micros: i64,
    /// By the provider's own word, rather than by the price book alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub settled: bool,
}

/// The prices of a project.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PriceBook {
    /// The prices, in no order.
    pub prices: Vec<Price>,
}

/// How many things a text is billed as: segments of SMS, else one.
pub fn billed(channel: Channel, text: &str) -> i64 {
    match channel {
        Channel::Sms => i64::try_from(measure(text).segments).unwrap_or(1).max(1),
        Channel::Whatsapp | Channel::Email | Channel::Call => 1,
    }
}

impl PriceBook {
    /// The price of one billed thing: the most particular that holds on the day, the latest of those.
    pub fn price(&self, channel: Channel, category: Option<&str>, country: Country, day: NaiveDate) -> Option<&Price> {
        let fits = |price: &&Price| {
            let category = price.category.as_deref().is_none_or(|named| Some(named) == category);
            price.channel == channel && category && price.country.is_none_or(|c| c == country) && price.from <= day
        };
        self.prices.iter().filter(fits).max_by_key(|p| (p.country.is_some(), p.category.is_some(), p.from))
    }

    /// What a message costs.
    pub fn cost(
        &self,
        channel: Channel,
        category: Option<&str>,
        country: Country,
        day: NaiveDate,
        text: &str,
    ) -> Option<Cost> {
        let price = self.price(channel, category, country, day)?;
        let micros = price.micros.saturating_mul(billed(channel, text));
        Some(Cost { currency: price.currency, micros, settled: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }
    fn price(channel: Channel, category: Option<&str>, country: Option<Country>, micros: i64, from: &str) -> Price {
        let currency = "USD".parse().expect("a currency");
        Price { channel, category: category.map(str::to_owned), country, currency, micros, from: day(from) }
    }

    #[test]
    fn the_most_particular_price_of_the_day_holds() {
        let book = PriceBook {
            prices: vec![
                price(Channel::Whatsapp, None, None, 50_000, "2026-01-01"),
                price(Channel::Whatsapp, Some("UTILITY"), None, 20_000, "2026-01-01"),
                price(Channel::Whatsapp, Some("UTILITY"), Some(Country::Pe), 15_000, "2026-01-01"),
                price(Channel::Whatsapp, Some("UTILITY"), Some(Country::Pe), 10_000, "2026-04-01"),
                price(Channel::Sms, None, None, 30_000, "2026-01-01"),
            ],
        };
        let micros =
            |channel, category, country, on: &str| book.price(channel, category, country, day(on)).map(|p| p.micros);
        assert_eq!(micros(Channel::Whatsapp, Some("UTILITY"), Country::Pe, "2026-03-31"), Some(15_000));
        assert_eq!(micros(Channel::Whatsapp, Some("UTILITY"), Country::Pe, "2026-04-01"), Some(10_000));
        assert_eq!(micros(Channel::Whatsapp, Some("UTILITY"), Country::Co, "2026-04-01"), Some(20_000));
        assert_eq!(micros(Channel::Whatsapp, Some("MARKETING"), Country::Co, "2026-04-01"), Some(50_000));
        assert_eq!(micros(Channel::Whatsapp, None, Country::Co, "2025-12-31"), None);
        assert_eq!(micros(Channel::Email, None, Country::Pe, "2026-04-01"), None);
        let long = "a".repeat(200);
        let cost = book.cost(Channel::Sms, None, Country::Pe, day("2026-03-10"), &long).expect("a cost");
        assert_eq!(cost.micros, 60_000, "two segments");
    }
}
