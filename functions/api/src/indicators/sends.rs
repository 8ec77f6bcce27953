//! What was sent and what came of it, over some days.

use super::share;
use crate::Api;
use crate::caller::{Caller, Permission};
use crate::problem::{Problem, Query};
use axum::Json;
use axum::extract::State;
use cauce_domain::contact::channel::Channel;
use cauce_engine::indicators::{self, Came, DaySends, Line};
use cauce_engine::run_result::States;
use chrono::{Days, NaiveDate};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(sends))
}

/// Most days of one answer.
const MOST_DAYS: i64 = 366;
/// Days told where no beginning is named.
const USUAL_DAYS: u64 = 30;

/// Which.
#[derive(Debug, Deserialize, IntoParams)]
struct Asked {
    /// First local day; thirty days back where none is named.
    from: Option<NaiveDate>,
    /// Last local day, included; yesterday where none is named.
    to: Option<NaiveDate>,
    /// What the series goes by: `day` or `month`.
    by: Option<String>,
    /// `whatsapp`, `sms`, `email` or `call`.
    #[param(value_type = Option<String>)]
    channel: Option<Channel>,
    /// `flow`, `event`, `campaign` or `manual`.
    origin: Option<String>,
    /// A flow's id, an event's code or a campaign's id.
    of: Option<String>,
    /// The id of the segment messages were decided for.
    segment: Option<String>,
}

impl Asked {
    fn takes(&self, line: &Line) -> bool {
        self.channel.is_none_or(|wanted| wanted == line.channel)
            && self.origin.as_deref().is_none_or(|wanted| wanted == line.origin.code())
            && self.of.as_deref().is_none_or(|wanted| line.of.as_deref() == Some(wanted))
            && self.segment.as_deref().is_none_or(|wanted| wanted == line.segment.as_str())
    }

    /// The messages asked for of a shard's day, by channel: where every kind is asked for each customer counts once a channel.
    fn of<'a>(&'a self, shard: &'a DaySends) -> Box<dyn Iterator<Item = (Channel, &'a Came)> + 'a> {
        if self.origin.is_none() && self.of.is_none() && self.segment.is_none() {
            let wanted = |channel: Channel| self.channel.is_none_or(|wanted| wanted == channel);
            return Box::new(shard.channels.iter().filter(move |(it, _)| wanted(*it)).map(|(it, came)| (*it, came)));
        }
        Box::new(shard.lines.iter().filter(|(line, _)| self.takes(line)).map(|(line, came)| (line.channel, came)))
    }

    /// Whether everything is asked for, so that each customer counts once.
    fn is_all(&self) -> bool {
        self.channel.is_none() && self.origin.is_none() && self.of.is_none() && self.segment.is_none()
    }
}

/// Messages summed up. Customers are counted once a day and channel; by origin, segment, flow or campaign, once for each of them.
#[derive(Debug, Clone, Default)]
struct Sum {
    states: States,
    /// Of some day it is known who paid.
    settled: bool,
    /// Customers reached on those days, and those who paid.
    reached: u64,
    paid: u64,
}

impl Sum {
    fn shown(&self) -> Value {
        let States { sent, delivered, opened, failed, not_sent, unknown, contacted, not_contacted, to_manage, .. } =
            self.states;
        // A call that was made is sent, and read where somebody answered.
        let (made, read) = (sent + delivered + opened + contacted + not_contacted, opened + contacted);
        json!({
            "scheduled": self.states.all(), "sent": made, "delivered": delivered + opened, "read": read, "failed": failed,
            "not_sent": not_sent, "unknown": unknown, "to_manage": to_manage,
            "contactability": share(read as i64, made as i64),
            "reached": self.settled.then_some(self.reached), "paid": self.settled.then_some(self.paid),
            "effectiveness": share(self.paid as i64, self.reached as i64),
        })
    }
}

/// Sends by channel (*envíos por canal*), their contactability, the share of messages sent that was read, of calls made that was
/// answered, and their effectiveness, the share of customers reached on a day who paid within a week of it: known of a day from the
/// eighth day after it on. Over several days a customer counts on each on which it
/// was reached; asked for by origin, flow, campaign or segment, for each flow, campaign and segment too.
#[utoipa::path(get, path = "/v1/indicators/sends", tag = "indicadores", params(Asked), responses((status = 200, body = Object), (status = 422, body = Problem)))]
async fn sends(State(api): State<Api>, caller: Caller, Query(asked): Query<Asked>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    caller.sees_all()?;
    let yesterday = caller.setup.today(api.now()).pred_opt();
    let to = asked.to.or(yesterday).unwrap_or_default();
    let from = asked.from.or(to.checked_sub_days(Days::new(USUAL_DAYS - 1))).unwrap_or(to);
    if to < from || (to - from).num_days() >= MOST_DAYS {
        return Err(Problem::invalid("to", format!("indique un rango de 1 a {MOST_DAYS} días")));
    }
    let by_month = match asked.by.as_deref() {
        None | Some("day") => false,
        Some("month") => true,
        Some(_) => return Err(Problem::invalid("by", "use day o month")),
    };
    let days = indicators::sends(&api.ports, caller.setup.id(), (from, to)).await?;
    let (mut series, mut channels): (BTreeMap<(String, Channel), Sum>, BTreeMap<Channel, Sum>) = Default::default();
    let mut all = Sum::default();
    for (day, shards) in &days {
        let key = day.format(if by_month { "%Y-%m" } else { "%Y-%m-%d" }).to_string();
        for shard in shards {
            for (channel, came) in asked.of(shard) {
                let mut into = vec![series.entry((key.clone(), channel)).or_default()];
                into.push(channels.entry(channel).or_default());
                if !asked.is_all() {
                    into.push(&mut all);
                }
                into.into_iter().for_each(|sum| add(sum, came, shard.settled));
            }
            if asked.is_all() {
                add(&mut all, &shard.all, shard.settled);
            }
        }
    }
    let named = |channel: &Channel, sum: &Sum| {
        let mut json = sum.shown();
        (json["channel"], json["channel_name"]) = (channel.code().into(), channel.spanish().into());
        json
    };
    let of_series = |((key, channel), sum): (&(String, Channel), &Sum)| {
        let mut json = named(channel, sum);
        json["key"] = key.as_str().into();
        json
    };
    Ok(Json(json!({
        "from": from, "to": to, "series": series.iter().map(of_series).collect::<Vec<_>>(),
        "channels": channels.iter().map(|(channel, sum)| named(channel, sum)).collect::<Vec<_>>(), "all": all.shown(),
    })))
}

fn add(sum: &mut Sum, came: &Came, settled: bool) {
    sum.states.add(&came.states);
    if settled {
        sum.settled = true;
        sum.reached += came.reached;
        sum.paid += came.paid;
    }
}
