//! `write-report` on Lambda: batches of the reports' queue.

use cauce_aws::start::{self, Call};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start::logs();
    let parts = start::parts().await?;
    start::serve_batches("write-report", parts, |ports, event, call: Call| async move {
        cauce_write_report::handle(&ports, event, call.now, &|| call.is_late()).await
    })
    .await
}
