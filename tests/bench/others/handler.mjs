// The same in Node.js: Lambda's loop, and one read of DynamoDB.
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
const api = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`;
const client = new DynamoDBClient({});
for (;;) {
  const event = await fetch(`${api}/next`);
  const id = event.headers.get("lambda-runtime-aws-request-id");
  await event.json();
  try {
    await client.send(new GetItemCommand({ TableName: "hello", Key: { pk: { S: "a" } } }));
  } catch {}
  await fetch(`${api}/${id}/response`, { method: "POST", body: '{"statusCode":200}' });
}
