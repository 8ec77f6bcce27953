"""Takes webhooks as a small service would: verifies Meta's signature, keeps the body in SQLite, commits."""

import hashlib
import hmac
import json
import pathlib
import sqlite3
import sys
import time

folder, count = pathlib.Path(sys.argv[1]), int(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
secret = b"secreto-de-la-app"
body = json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value": {
    "statuses": [{"id": "wamid.HBgLNTE5ODc2NTAwMDAVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA", "status": "delivered",
                  "timestamp": "1773158400", "recipient_id": "51980000000"}]}}]}]}).encode()
signature = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
store = sqlite3.connect(folder / "webhooks.db")
store.execute("PRAGMA journal_mode=WAL")
store.execute("CREATE TABLE queue (id INTEGER PRIMARY KEY, body TEXT)")
store.commit()
begun, used = time.perf_counter(), time.process_time()
for _ in range(count):
    expected = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(expected, signature)
    store.execute("INSERT INTO queue (body) VALUES (?)", (body.decode(),))
    store.commit()
print(json.dumps({"ms": (time.perf_counter() - begun) * 1000 / count, "cpu_ms": (time.process_time() - used) * 1000 / count}))
