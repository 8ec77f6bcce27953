//! `close-day` on Lambda: every hour.

use cauce_aws::start::{self, Call};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start::logs();
    start::serve("close-day", start::parts().await?, |ports, _event: Value, call: Call| async move {
        cauce_close_day::on_schedule(&ports, Default::default(), call.now).await
    })
    .await
}
