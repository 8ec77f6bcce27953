//! The templates beside what the code reads: tables, indexes, queues, variables, times, schedules, alarms.

use super::cloud::{resources, template, transformed};
use cauce_aws::environment;
use cauce_aws::table::EXPIRES;
use cauce_engine::ports::queue::QueueName;
use cauce_engine::ports::table::{Index, TableName};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn text(value: &Value) -> &str {
    value.as_str().or_else(|| value["Fn::Sub"].as_str()).unwrap_or_default()
}

#[test]
fn tables_and_indexes_are_those_the_adapter_reads() {
    let data = template("infra/data.yaml");
    let tables: BTreeMap<String, Value> = resources(&data, "AWS::DynamoDB::Table")
        .into_iter()
        .map(|(_, t)| (text(&t["TableName"]).trim_start_matches("${DataPrefix}-").to_owned(), t))
        .collect();
    let names: Vec<&str> = tables.keys().map(String::as_str).collect();
    let mut expected: Vec<&str> = TableName::ALL.iter().map(|t| t.name()).collect();
    expected.sort_unstable();
    assert_eq!(names, expected);
    let keys = |pk: &str, sk: &str| json!([{ "AttributeName": pk, "KeyType": "HASH" }, { "AttributeName": sk, "KeyType": "RANGE" }]);
    for table in TableName::ALL {
        let made = &tables[table.name()];
        assert_eq!(made["KeySchema"], keys("pk", "sk"));
        assert_eq!(made["DeletionProtectionEnabled"], true);
        assert_eq!(made["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
        assert_eq!(made["TimeToLiveSpecification"], json!({ "AttributeName": EXPIRES, "Enabled": true }));
        let indexes = made["GlobalSecondaryIndexes"].as_array().cloned().unwrap_or_default();
        let wanted: Vec<Index> = Index::ALL.into_iter().filter(|i| i.table() == table).collect();
        assert_eq!(indexes.len(), wanted.len(), "{table:?}");
        for index in wanted {
            let made = indexes.iter().find(|i| i["IndexName"] == index.name()).expect("the index");
            let name = index.name();
            assert_eq!(made["KeySchema"], keys(&format!("{name}_pk"), &format!("{name}_sk")));
            let whole = if index.keys_only() { "KEYS_ONLY" } else { "ALL" };
            assert_eq!(made["Projection"]["ProjectionType"], whole, "{name}");
        }
    }
    let all = data["Resources"].as_object().expect("resources");
    let kept = all.values().filter(|r| r["DeletionPolicy"] == "Retain" && r["UpdateReplacePolicy"] == "Retain").count();
    assert_eq!(kept, TableName::ALL.len() + 1, "the tables and the bucket outlive their stack");
}

/// The functions by their short names.
fn functions() -> BTreeMap<String, Value> {
    let made = resources(&transformed(), "AWS::Lambda::Function").into_iter();
    made.map(|(_, f)| (text(&f["FunctionName"]).trim_start_matches("cauce-${Stage}-").to_owned(), f)).collect()
}

#[test]
fn functions_are_given_the_variables_they_read_and_no_others() {
    let always: BTreeSet<String> = TableName::ALL
        .into_iter()
        .map(environment::table)
        .chain(
            [
                environment::BUCKET,
                environment::SECRETS,
                environment::ITEM_VERSION,
                environment::RESTORED_AT,
                environment::PUBLIC_URL,
            ]
            .map(str::to_owned),
        )
        .collect();
    let queues: BTreeSet<String> = QueueName::ALL.into_iter().map(environment::queue).collect();
    let email = [environment::EMAIL_FROM, environment::EMAIL_SET, environment::BEDROCK_MODEL];
    let email: BTreeSet<String> = email.map(str::to_owned).into();
    let mut used = BTreeSet::new();
    for (name, function) in functions() {
        let variables = function["Environment"]["Variables"].as_object().expect("variables");
        let given: BTreeSet<String> = variables.keys().cloned().collect();
        assert!(given.is_superset(&always), "{name}");
        for stray in given.difference(&always) {
            assert!(queues.contains(stray) || email.contains(stray), "{name} is given {stray}, which nothing reads");
        }
        used.extend(given);
    }
    assert!(used.is_superset(&queues) && used.is_superset(&email), "{used:?}");
}

#[test]
fn a_queue_hides_six_times_its_functions_time_and_has_dead_letters_and_alarms() {
    let queues = template("infra/queues.yaml");
    let made: BTreeMap<String, Value> = resources(&queues, "AWS::SQS::Queue").into_iter().collect();
    let alarms = resources(&template("infra/alarms.yaml"), "AWS::CloudWatch::Alarm");
    let watched: BTreeSet<(String, String)> = alarms
        .iter()
        .filter(|(_, a)| a["Namespace"] == "AWS/SQS")
        .map(|(_, a)| (text(&a["Dimensions"][0]["Value"]).to_owned(), text(&a["MetricName"]).to_owned()))
        .collect();
    let functions = transformed();
    let sources = resources(&functions, "AWS::Lambda::EventSourceMapping");
    for queue in QueueName::ALL {
        let name = format!("cauce-${{Stage}}-{}", queue.name());
        let (logical, made) = made.iter().find(|(_, q)| text(&q["QueueName"]) == name).expect("the queue");
        assert_eq!(made["SqsManagedSseEnabled"], true);
        assert_eq!(made["RedrivePolicy"]["maxReceiveCount"], 8);
        assert_eq!(made["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0], format!("{logical}Dead"));
        for (queue, metric) in [
            (name.clone(), "ApproximateAgeOfOldestMessage"),
            (name.clone(), "ApproximateNumberOfMessagesVisible"),
            (format!("{name}-dead"), "ApproximateNumberOfMessagesVisible"),
        ] {
            assert!(watched.contains(&(queue.clone(), metric.to_owned())), "nobody watches {metric} of {queue}");
        }
        let arn = json!({ "Fn::GetAtt": ["Queues", format!("Outputs.{logical}Arn")] });
        let source =
            sources.iter().find(|(_, s)| s["EventSourceArn"] == arn).map(|(_, s)| s).expect("somebody works on it");
        assert_eq!(source["FunctionResponseTypes"], json!(["ReportBatchItemFailures"]));
        assert!(source["ScalingConfig"]["MaximumConcurrency"].as_u64().is_some());
        let function = source["FunctionName"]["Ref"].as_str().expect("a function");
        let seconds = functions["Resources"][function]["Properties"]["Timeout"].as_u64().expect("a time");
        assert_eq!(made["VisibilityTimeout"].as_u64(), Some(6 * seconds), "{name}");
    }
    assert!(
        watched
            .contains(&("cauce-${Stage}-schedules-dead".to_owned(), "ApproximateNumberOfMessagesVisible".to_owned()))
    );
}

#[test]
fn every_function_has_a_role_and_a_log_of_its_stage_and_processor() {
    let made = functions();
    assert_eq!(made.len(), crate::built::FUNCTIONS.len());
    for (name, function) in made {
        assert_eq!(function["Runtime"], "provided.al2023", "{name}");
        assert_eq!(function["Architectures"], json!([{ "Ref": "Architecture" }]));
        let role = function["Role"]["Fn::GetAtt"].as_array().expect("a role");
        let short = role[1].as_str().and_then(|r| r.strip_prefix("Outputs.")).expect("of the roles");
        assert_eq!(short.to_lowercase(), name.replace('-', ""));
        assert_eq!(function["LoggingConfig"]["LogFormat"], "JSON");
    }
    assert_eq!(template("template.yaml")["Parameters"]["Architecture"]["Default"], "arm64");
}
