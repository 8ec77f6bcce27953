//! A bare function: the runtime, and as many calls of DynamoDB and SSM as its environment says.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

fn calls(name: &str) -> usize {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(0)
}

async fn answer(_: LambdaEvent<Value>) -> Result<Value, Error> {
    let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
    let (table, secrets) = (calls("HELLO_DYNAMODB"), calls("HELLO_SSM"));
    if table > 0 {
        let client = aws_sdk_dynamodb::Client::new(&config);
        for _ in 0..table {
            let key = aws_sdk_dynamodb::types::AttributeValue::S("a".to_owned());
            let _ = client.get_item().table_name("hello").key("pk", key).send().await;
        }
    }
    if secrets > 0 {
        let client = aws_sdk_ssm::Client::new(&config);
        for _ in 0..secrets {
            let _ = client.get_parameter().name("/hello").send().await;
        }
    }
    Ok(json!({ "statusCode": 200 }))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(answer)).await
}
