"""The calls of a notebook that uses Openscoring, with Python's standard library.

usage: notebook.py BASE_URL MODEL.pmml IRIS.csv

It deploys the model, scores the rows of the file one by one as the notebook's
UDF does, then all of them in one batch and as CSV, and prints each prediction
with the row's variety. Any answer that is not as expected ends it with 1.
"""

import csv
import io
import json
import sys
import urllib.error
import urllib.request


class Response:
    """What the notebook uses of requests.Response."""

    def __init__(self, status_code, text):
        self.status_code, self.text = status_code, text

    def json(self):
        return json.loads(self.text)


def call(method, url, data=None, json_body=None, headers=None):
    headers = dict(headers or {})
    if json_body is not None:
        data, headers["Content-Type"] = json.dumps(json_body).encode(), "application/json"
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return Response(response.status, response.read().decode())
    except urllib.error.HTTPError as error:
        return Response(error.code, error.read().decode())


def expect(what, got, want):
    if got != want:
        sys.exit(f"{what}: {got!r}, {want!r} was expected")


def main(base, pmml, iris):
    url = base + "/openscoring/model/RandomForestIris"
    expect("before the deployment", call("GET", url).status_code, 404)
    with open(pmml, "rb") as document:
        deployed = call("PUT", url, data=document.read(), headers={"Content-type": "text/xml"})
    expect("deployment", deployed.status_code, 201)
    fields = [f["id"] for f in deployed.json()["schema"]["inputFields"]]
    expect("input fields", fields, ["sepal_length", "sepal_width", "petal_length", "petal_width"])

    with open(iris, newline="") as table:
        rows = [(row["variety"], {f: float(row[f.replace("_", ".")]) for f in fields}) for row in csv.DictReader(table)]

    single = []
    for i, (variety, arguments) in enumerate(rows):
        response = call("POST", url, json_body={"id": f"record-{i}", "arguments": arguments})
        expect("status", response.status_code, 200)
        expect("id", response.json()["id"], f"record-{i}")
        single.append(response.json()["results"]["prediction"])

    requests = [{"id": str(i), "arguments": arguments} for i, (_, arguments) in enumerate(rows)]
    batch = call("POST", url + "/batch", json_body={"id": "all", "requests": requests}).json()
    expect("ids of the batch", [r["id"] for r in batch["responses"]], [r["id"] for r in requests])
    expect("batch", [r["results"]["prediction"] for r in batch["responses"]], single)

    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["Id"] + fields)
    writer.writerows([i] + [arguments[f] for f in fields] for i, (_, arguments) in enumerate(rows))
    answer = call("POST", url + "/csv", data=text.getvalue().encode(), headers={"Content-type": "text/plain"})
    expect("csv", [float(r["prediction"]) for r in csv.DictReader(io.StringIO(answer.text))], single)

    refused = call("POST", url, json_body={"id": "x", "arguments": {"sepal_length": "long"}})
    expect("a bad record", refused.status_code, 400)
    expect("its message", refused.json(), {"message": 'Field "sepal_length" cannot accept invalid value "long"'})

    expect("undeployment", call("DELETE", url).status_code, 200)
    expect("after it", call("POST", url, json_body={"arguments": {}}).status_code, 404)
    for (variety, _), prediction in zip(rows, single):
        print(prediction, variety)


if __name__ == "__main__":
    main(*sys.argv[1:])
